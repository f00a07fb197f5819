"""
An HTTP endpoint on this machine that keeps what it is asked, and answers as it is told: for what calls other services.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from support.waiting import SECONDS


@dataclass(frozen=True)
class Asked:
    """A request as it came; names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Says:
    """An answer: its status, its headers, its body."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Endpoint:
    """Listens on entry, on a free port; ``answer`` gives what each request is answered with."""

    def __init__(self, answer: Callable[[Asked], Says] = lambda _: Says()) -> None:
        self._asked: queue.Queue[Asked] = queue.Queue()
        asked = self._asked

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Asked(self.command, self.path, headers, body)
                said = answer(request)
                asked.put(request)
                self.send_response(said.status)
                for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said.body)

            def __getattr__(self, name: str) -> Callable[[], None]:
                if name.startswith("do_"):
                    return self._serve
                raise AttributeError(name)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="endpoint")
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def next(self) -> Asked:
        """The next request. Raises AssertionError when none comes."""
        try:
            return self._asked.get(timeout=SECONDS)
        except queue.Empty:
            raise AssertionError("no request came") from None

    @property
    def is_quiet(self) -> bool:
        """Whether every request that came was looked at."""
        return self._asked.empty()
