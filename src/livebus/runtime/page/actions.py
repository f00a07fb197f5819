"""
What one can do on the page, by the code that the calls and commands use: send, replay, sign in, run GraphQL, save a sample.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from livebus.errors import LivebusError, Place
from livebus.event.document import read_entries
from livebus.files import event_files, read_text, relative
from livebus.publish.signer import Credentials, Signer
from livebus.runtime.appsync import graphql_http
from livebus.runtime.appsync.served_api import ServedApi
from livebus.runtime.aws_errors import HttpAnswer
from livebus.runtime.page import operations
from livebus.runtime.page.history import SENDER
from livebus.runtime.page.parts import Parts
from livebus.runtime.served_stacks import LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY

FOLDER = "events"
MAX_SAMPLES = 200
MAX_SAMPLE_BYTES = 256 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.json")
_REPLAY_NAME_LENGTH = 64


class Exists(LivebusError):
    """A file of that name is there already."""


class Actions:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def send(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Put one entry on its bus. Raises AwsError as PutEvents does."""
        given = SENDER.set("this page")
        try:
            answer: Any = self._parts.events.call("PutEvents", {"Entries": [dict(entry)]})
        finally:
            SENDER.reset(given)
        found: Mapping[str, Any] = answer
        return found

    def replay(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """StartReplay over the last ``seconds`` of an archive, through all rules or one. Raises AwsError."""
        now = self._parts.clock()
        seconds, rule = request.get("seconds"), request.get("rule")
        if not isinstance(seconds, int | float) or not 0 < seconds < 10**9:
            raise LivebusError(f"seconds is {seconds!r}", expected="a number above 0")
        destination: dict[str, Any] = {"Arn": request.get("bus")}
        if rule:
            destination["FilterArns"] = [rule]
        started: Any = self._parts.events.call(
            "StartReplay",
            {
                "ReplayName": f"page-{self._parts.new_id()}"[:_REPLAY_NAME_LENGTH],
                "EventSourceArn": request.get("archive"),
                "EventStartTime": now - seconds,
                "EventEndTime": now,
                "Destination": destination,
            },
        )
        return {"replay": started["ReplayArn"].rsplit("/", 1)[-1], "state": started["State"]}

    def token(self, pool: str, user: str) -> Mapping[str, Any]:
        """Tokens for a user, without a password: of the local runtime only. Raises AwsError."""
        return self._parts.cognito.tokens_without_password(pool, user)

    def _served(self, url: str) -> ServedApi:
        try:
            path = urlsplit(url).path
        except ValueError:  # half of an IPv6 address
            path = ""
        served = self._parts.served.paths.get(path)
        if served is None:
            raise LivebusError(f"there is no API at {url!r}")
        return served

    def operation(self, url: str, kind: str, field: str) -> dict[str, Any]:
        """An operation that asks for a field of an API's schema, with values for its variables."""
        schema = self._served(url).compiled.schema.graphql
        text = operations.operation(schema, kind, field)
        return {"query": text, "variables": operations.values(schema, text)}

    def variables(self, url: str, query: str) -> dict[str, Any]:
        """Values for the variables of an operation; ``fault`` with its line and column where it is none."""
        try:
            return {"variables": operations.values(self._served(url).compiled.schema.graphql, query)}
        except LivebusError as error:
            fault = error.faults[0]
            return {"fault": {"message": fault.found, "line": fault.place.line, "column": fault.place.column}}

    async def graphql_as_iam(self, url: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """One operation, signed with the local credentials: the API answers it as any other request."""
        served = self._served(url)
        try:
            body = orjson.dumps(dict(request))
        except orjson.JSONEncodeError as error:  # it writes fewer levels than it reads
            raise LivebusError(
                f"the request cannot be sent: {error}", expected="JSON of 250 levels at the most"
            ) from None
        path, host = urlsplit(url).path, urlsplit(url).netloc
        signer = Signer(
            Credentials(LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY),
            host=host,
            region=self._parts.environment.region,
            service="appsync",
            headers={"content-type": "application/json"},
            path=path,
        )
        head = signer.head(body, self._parts.clock()).decode().split("\r\n")[1:]
        headers = _Headers(line.split(": ", 1) for line in head if line)
        answer = graphql_http.call(served, "POST", path, "", headers=headers, body=body, source_ip="127.0.0.1")
        if not isinstance(answer, HttpAnswer):
            answer = await answer.answer()
        return {"status": answer.status, "body": orjson.loads(answer.body)}

    # --- samples ----------------------------------------------------------------------------------------------------

    @property
    def _folder(self) -> Path | None:
        home = self._parts.home
        return home / FOLDER if home is not None else None

    def samples(self) -> list[dict[str, Any]]:
        """The project's sample events of one event each, those that are not to arrive among them."""
        folder = self._folder
        if folder is None:
            return []
        found = []
        for path in [*event_files(folder), *event_files(folder / "undelivered")][:MAX_SAMPLES]:
            try:
                if path.stat().st_size > MAX_SAMPLE_BYTES:
                    continue
                text = read_text(path, relative(path))
                if len(read_entries(text.encode(), path.name)) != 1:
                    continue
            except (LivebusError, OSError):
                continue
            name = path.relative_to(folder).as_posix()
            found.append({"name": name, "file": relative(path), "text": text, "expected": path.parent == folder})
        return found

    def save(self, name: str, text: str, *, overwrite: bool) -> dict[str, Any]:
        """Write a sample into the project's events/. Raises LivebusError; Exists where it would replace another."""
        folder = self._folder
        if folder is None:
            raise LivebusError("there is no template on disk, and so no folder for samples")
        if not _NAME.fullmatch(name):
            raise LivebusError(
                f"{name!r} is no name for a sample", expected="letters, digits, . _ -, and .json at its end"
            )
        if len(text.encode()) > MAX_SAMPLE_BYTES * 8:
            raise LivebusError("the sample is too large to be kept")
        read_entries(text.encode(), name)
        path = folder / name
        if path.is_symlink():
            raise LivebusError(f"{name!r} is a link", Place(relative(path)))
        try:
            folder.mkdir(exist_ok=True)
            with path.open("w" if overwrite else "x", encoding="utf-8") as file:
                file.write(text if text.endswith("\n") else f"{text}\n")
        except FileExistsError:
            raise Exists(f"{relative(path)!r} is there already", advice="Take another name, or replace it.") from None
        except OSError as error:
            raise LivebusError(f"cannot write: {error.strerror}", Place(relative(path))) from None
        return {"file": relative(path)}


class _Headers(dict[str, str]):
    """Headers by name, whatever its case."""

    def __init__(self, pairs: Any) -> None:
        super().__init__({name.lower(): value for name, value in pairs})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)
