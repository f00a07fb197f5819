"""
The servers that ``line.py`` measures, each as a process of its own: the runtime, of this commit or of another one, and MiniStack.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from free_port import free_port

PROJECT = Path(__file__).resolve().parents[1]
MINISTACK = "ministack>=1.5.33"
START_DEADLINE = 60.0
QUEUE, BUS = "benchmark", "benchmark"


class Server:
    """A process, and the processor time that it has used so far."""

    process: subprocess.Popen[bytes]
    endpoint: str

    def cpu_seconds(self) -> float:
        """Of all its threads, to the nanosecond; NaN where the system has no such clock for other processes."""
        if not sys.platform.startswith("linux"):
            return float("nan")
        # The number of another process's clock, as clock_getcpuclockid(3) makes it.
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Runtime(Server):
    """``livebus local`` of the project in a folder; ``seconds`` is how long it took to the first answered PutEvents."""

    def __init__(self, folder: Path, project: Path = PROJECT, profile: Path | None = None) -> None:
        outputs = folder / "outputs.json"
        outputs.unlink(missing_ok=True)
        python = [sys.executable, *(("-m", "cProfile", "-o", str(profile)) if profile else ())]
        script = [str(project / "scripts" / "local.py"), "--port", "0", "--outputs", str(outputs), "--no-reload"]
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [*python, *script, "--state", str(folder / "state")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=project,
        )
        while not outputs.exists():
            if time.perf_counter() - started > START_DEADLINE or self.process.poll() is not None:
                sys.exit("the runtime did not start; see: livebus local")
            time.sleep(0.002)
        self.outputs: dict[str, Any] = json.loads(outputs.read_text())
        self.endpoint = self.outputs["EndpointUrl"]
        aws_call(self.endpoint, "AWSEvents.PutEvents", {"Entries": [entry("first", self.outputs["EventBusName"])]})
        self.seconds = time.perf_counter() - started


class MiniStack(Server):
    """MiniStack with a bus, a rule for the benchmark's events and one target, a queue."""

    def __init__(self, python: Path, folder: Path) -> None:
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "LOG_LEVEL": "ERROR",
            "S3_DATA_DIR": str(folder / "s3"),
            "STATE_DIR": str(folder / "state"),
        }
        self.process = subprocess.Popen(
            [str(python.with_name("ministack"))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
        )
        self._wait()
        told = "from importlib.metadata import version; print(version('ministack'))"
        self.version = output_of([str(python), "-c", told]).strip()
        queue = aws_call(self.endpoint, "AmazonSQS.CreateQueue", {"QueueName": QUEUE})["QueueUrl"]
        self.queue = queue
        asked = {"QueueUrl": queue, "AttributeNames": ["QueueArn"]}
        arn = aws_call(self.endpoint, "AmazonSQS.GetQueueAttributes", asked)["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": ["sample.source"]})
        aws_call(self.endpoint, "AWSEvents.CreateEventBus", {"Name": BUS})
        aws_call(self.endpoint, "AWSEvents.PutRule", {"Name": "all", "EventBusName": BUS, "EventPattern": pattern})
        target = {"Rule": "all", "EventBusName": BUS, "Targets": [{"Id": "queue", "Arn": arn}]}
        aws_call(self.endpoint, "AWSEvents.PutTargets", target)

    def arrived(self) -> int:
        """How many events the queue has got."""
        asked = {"QueueUrl": self.queue, "AttributeNames": ["ApproximateNumberOfMessages"]}
        found = aws_call(self.endpoint, "AmazonSQS.GetQueueAttributes", asked)
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    def empty(self) -> None:
        aws_call(self.endpoint, "AmazonSQS.PurgeQueue", {"QueueUrl": self.queue})

    def _wait(self) -> None:
        end = time.perf_counter() + START_DEADLINE
        while True:
            try:
                with urllib.request.urlopen(f"{self.endpoint}/_ministack/ready", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            if time.perf_counter() > end or self.process.poll() is not None:
                sys.exit("MiniStack did not start")
            time.sleep(0.05)


def installed_ministack(folder: Path) -> Path:
    """The Python of an environment with MiniStack; one that is in the folder already is used as it is."""
    environment = folder.absolute() / "ministack"
    python = environment / "bin" / "python"
    if not python.with_name("ministack").exists():
        print("installing MiniStack …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([str(python), "-m", "pip", "--quiet", "install", MINISTACK], check=True)
    return python


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """The project as it was at a commit, in a folder that is gone afterwards."""
    git = ["git", "-C", str(PROJECT)]
    with tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as name:
        folder = Path(name) / "project"
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(folder), commit], check=True)
        try:
            yield folder
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(folder)], check=True)


@contextmanager
def compiled() -> Iterator[Path]:
    """The last commit, with what each event passes compiled, in a folder that is gone afterwards."""
    with checked_out("HEAD") as folder, tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as wheels:
        print("compiling …", file=sys.stderr)
        # The build leaves the compiled modules beside the others as well, where they are found first.
        subprocess.run(
            [sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--wheel-dir", wheels, str(folder)],
            check=True,
            env={**os.environ, "HATCH_BUILD_HOOK_ENABLE_MYPYC": "true"},
        )
        if not list((folder / "src").rglob("*.so")):
            sys.exit("nothing was compiled; see: docs/decisions/0034-a-compiled-wheel.md")
        yield folder


def entry(message: str, bus: str) -> dict[str, str]:
    detail = json.dumps({"msg": message})
    return {"Source": "sample.source", "DetailType": "benchmark", "Detail": detail, "EventBusName": bus}


def headers(target: str) -> dict[str, str]:
    # MiniStack tells the account and the service by the credential; nobody looks at the signature.
    service = "sqs" if target.startswith("AmazonSQS") else "events"
    credential = f"Credential=test/20260101/us-east-1/{service}/aws4_request"
    return {
        "X-Amz-Target": target,
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
    }


def aws_call(endpoint: str, target: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(endpoint, json.dumps(body).encode(), headers(target))
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read() or b"{}")


def output_of(command: list[str]) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
