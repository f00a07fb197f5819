"""The bulk engine: what becomes of requests whose connections are not made yet."""

from __future__ import annotations

import os
import signal
import socket
import threading
from typing import Any

from livebus.aws.direct.reach import Address, Reach
from livebus.aws.publish.bulk_engine import BulkEngine
from livebus.aws.publish.publishing import Ledger, publish
from livebus.event.stream import StreamedEntry
from livebus.publish.answer import NO_ANSWER
from livebus.publish.dispatch import Limits
from livebus.publish.request import Addressing, Item
from livebus.publish.signer import Credentials


class Books:
    """Nobody is told, and nothing is written."""

    wants_ids = False

    def add(self, *given: Any) -> None: ...

    def sync(self) -> None: ...

    def accepted(self, *given: Any) -> None: ...

    def failed(self, *given: Any) -> None: ...

    def progress(self, *given: Any) -> None: ...


def item(number: int) -> Item:
    return number, StreamedEntry(b'{"Source":"s"}', 10, "f", number, 1)


def test_a_ctrl_c_while_connections_are_made_loses_no_entry() -> None:
    """The other side takes the connection and never speaks TLS; at the second Ctrl-C each entry is left, none is gone."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        address = Address(True, "127.0.0.1", port, "/", f"127.0.0.1:{port}", f"https://127.0.0.1:{port}")
        reach = Reach(address, "eu-west-1", lambda: Credentials("k", "s", ""))
        accepted: list[socket.socket] = []

        def interrupt_twice() -> None:
            # Once it has said the first words of TLS, its signal handler is there.
            accepted.append(server.accept()[0])
            accepted[0].recv(1)
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
                stopped.wait(0.3)

        stopped = threading.Event()
        interrupting = threading.Thread(target=interrupt_twice)
        interrupting.start()
        books: Any = Books()
        summary = publish(
            map(item, range(5)), BulkEngine(reach), Addressing(), Limits(concurrency=1), Ledger(books, books, None)
        )
        interrupting.join()
        for each in accepted:
            each.close()
    assert summary.interrupted
    assert [(left[0], result.error_code) for left, result in summary.left] == [(n, NO_ANSWER) for n in range(5)]
