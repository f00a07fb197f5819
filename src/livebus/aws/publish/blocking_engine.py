"""
The bulk engine's small sister: the same requests, one after the other on one connection that blocks.

In: a publication. Out: its requests made. For the few events that a shell command sends: it starts in no time.
"""

from __future__ import annotations

import time

from livebus.aws.direct.http_connection import HttpConnection, NoAnswer
from livebus.aws.direct.reach import Reach
from livebus.aws.direct.service_client import put_events_signer
from livebus.publish.answer import NO_ANSWER, PutEventsAnswer, failed, read_answer
from livebus.publish.request import Request
from livebus.publish.sending import Sending


class BlockingEngine:
    """Sends a publication's requests; a Ctrl-C ends it after what it interrupted has been booked as unanswered."""

    def __init__(self, reach: Reach, connection: HttpConnection) -> None:
        self._connection = connection
        self._signer = put_events_signer(reach)

    def run(self, publication: Sending) -> None:
        """Send until it is done. Raises KeyboardInterrupt, with the publication stopped."""
        publication.dispatch.begin(time.monotonic())
        try:
            while not publication.done:
                request = publication.next_request(time.monotonic())
                if request is not None:
                    self._make(request, publication)
                elif not publication.done:  # that nothing more comes may have been noticed just now
                    time.sleep(max(0.0, min(1.0, publication.deadline() - time.monotonic())))
        except KeyboardInterrupt:
            publication.dispatch.stop("interrupted")
            raise
        finally:
            self._connection.close()

    def _make(self, request: Request, publication: Sending) -> None:
        answer = failed(NO_ANSWER, "interrupted; it may have been accepted")
        try:
            answer = self._answer(request, publication)
        except KeyboardInterrupt:
            publication.dispatch.stop("interrupted")
            raise
        finally:
            now = time.monotonic()
            publication.answered(request, answer, now)
            publication.beat(now)

    def _answer(self, request: Request, publication: Sending) -> PutEventsAnswer:
        body = publication.body(request)
        try:
            response = self._connection.request(self._signer.head(body, time.time()) + body)
        except NoAnswer as error:
            return failed(NO_ANSWER, str(error))
        return read_answer(response.status, response.body, len(request.items), ids=publication.ids)
