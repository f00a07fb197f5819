"""The queue that is meant, and a look at its messages that gives all of them back."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from livebus.aws.session import Session
from livebus.redrive.letter import Letter
from livebus.redrive.selection import Selection
from livebus.terminal import interruption
from livebus.terminal import output as terminal
from livebus.terminal.counts import counted, noun
from livebus.terminal.status_line import StatusLine

if TYPE_CHECKING:
    from livebus.aws.redrive.dead_letter_queue import DeadLetterQueue


def meant_queue(session: Session, arguments: Namespace) -> DeadLetterQueue:
    """The queue that is meant. What is taken out of it from now on has to be given back, also on Ctrl-C."""
    from livebus.aws.redrive.dead_letter_queue import DeadLetterQueue

    url = arguments.queue_url or session.queue_url(arguments.queue or "")
    client = session.client("sqs")
    interruption.begin()
    return DeadLetterQueue(client, url, exact=session.runtime is not None)


def look(
    queue: DeadLetterQueue,
    chosen: Selection,
    most: int,
    arguments: Namespace,
    see: Callable[[Letter], object],
) -> int:
    """Let ``see`` have what is chosen, until it answers False; how many messages were looked at."""
    looked_at = 0
    taking = queue.taking()
    try:
        with taking, StatusLine(shown=not arguments.json) as status:
            for letters in taking.pages(most):
                looked_at += len(letters)
                status.say(f"{counted(looked_at, 'message')} looked at")
                for letter in filter(chosen.takes, letters):
                    if see(letter) is False:
                        return looked_at
    finally:
        tell_hidden(taking.kept_hidden)
    return looked_at


def tell_hidden(count: int) -> None:
    """Warn of messages that could not be given back."""
    if count:
        terminal.warn(
            f"{counted(count, 'message')} could not be given back: the queue shows {noun(count, 'it', 'them')} again within 5 minutes"
        )
