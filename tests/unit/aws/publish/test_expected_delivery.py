"""Who waits for what arrives: until the subscription stands, and has settled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from livebus.aws.publish import expected_delivery
from livebus.aws.publish.expected_delivery import Delivery, SubscribingUser
from livebus.aws.session import Session as RealSession
from livebus.errors import LivebusError, Unreachable
from livebus.event.stream import StreamedEntry
from livebus.publish.request import Attempts, Request
from livebus.subscribe.message import Gap
from support.waiting import SECONDS

NOBODY: Any = None


def delivery(listen: Callable[[Delivery], None], settling: float) -> Delivery:
    """One whose subscription does what a test wants, in the subscriber's thread."""

    class Told(Delivery):
        def _run(self) -> None:
            listen(self)

    return Told(NOBODY, SubscribingUser("u", "p"), NOBODY, cast(Any, NOBODY), settling=settling)


def test_it_enters_once_it_is_subscribed() -> None:
    """Without a time to settle at once."""
    waiting = delivery(lambda each: each._subscribed.set(), 0.0)

    with waiting as entered:
        assert entered is waiting


def test_what_ends_while_it_settles() -> None:
    """Is told at once, however long that would have taken."""

    def end(each: Delivery) -> None:
        each._subscribed.set()
        with each._changed:
            each._error = Unreachable("the subscription ended")
            each._changed.notify_all()

    with pytest.raises(Unreachable, match="the subscription ended"):
        delivery(end, 3_600.0).__enter__()


class Listener:
    """As much of a listener as is asked."""

    field, query, api, outputs = "onOrder", "subscription { onOrder }", "Api", ("url", "pool")


def entry(number: int) -> StreamedEntry:
    return StreamedEntry(b"{}", 2, "f", number, 1)


def request(*numbers: int, again: Sequence[int] = ()) -> Request:
    return Request([(number, entry(number)) for number in numbers], dict.fromkeys(again, Attempts()), 2, 0.0, 0)


def counting(expected: Callable[[StreamedEntry, str], Sequence[Any]]) -> Delivery:
    """One that nobody subscribes for: a test says what arrives."""
    listener: Any = Listener()
    return Delivery(NOBODY, SubscribingUser("u", "p"), listener, expected)


def test_what_is_sent_is_awaited_once() -> None:
    """What an entry leads to on the field, from the first time that it goes."""
    asked: list[tuple[int, str]] = []

    def expected(each: StreamedEntry, field: str) -> Sequence[Any]:
        asked.append((each.index, field))
        return [{"number": each.index}] if each.index else []

    waiting = counting(expected)
    waiting.sending(request(0, 1, 2))
    waiting.sending(request(1, 3, again=(1,)))
    assert asked == [(0, "onOrder"), (1, "onOrder"), (2, "onOrder"), (3, "onOrder")]
    tally = waiting.settled(0.0)
    assert (tally.expected, tally.arrived, tally.lost, tally.lost_numbers) == (3, 0, 3, (1, 2, 3))


async def arrived(waiting: Delivery, *messages: Any) -> None:
    async def given() -> AsyncIterator[Any]:
        for message in messages:
            yield message

    subscription: Any = given()
    await waiting._count(subscription)


def test_what_arrives_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gap is none; what comes twice, and what nobody expected, is told as that."""
    monkeypatch.setattr(expected_delivery, "QUIET_SECONDS", 0.0)
    waiting = counting(lambda each, _: [{"number": each.index}])
    waiting.sending(request(1, 2))
    one, two, other = (SimpleNamespace(data={"number": number}) for number in (1, 2, 9))
    gap = object.__new__(Gap)
    asyncio.run(arrived(waiting, one, gap, two, one, other))
    tally = waiting.settled(60.0)
    assert (tally.expected, tally.arrived, tally.lost, tally.doubled, tally.unexpected) == (2, 2, 0, 1, 1)


def test_settling_ends_with_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it might have waited; whoever arrives wakes it."""
    monkeypatch.setattr(expected_delivery, "QUIET_SECONDS", 0.0)
    waiting = counting(lambda each, _: [{"number": each.index}])
    waiting.sending(request(1))
    arriving = threading.Thread(target=lambda: asyncio.run(arrived(waiting, SimpleNamespace(data={"number": 1}))))
    arriving.start()
    assert waiting.settled(3_600.0).arrived == 1
    arriving.join()


def test_an_end_of_the_subscription_is_raised_where_it_is_awaited() -> None:
    """Also where all has arrived."""
    waiting = counting(lambda each, _: [])
    waiting._error = Unreachable("the subscription ended")
    with pytest.raises(Unreachable, match="the subscription ended"):
        waiting.settled(3_600.0)


def listening(does: Callable[[Delivery], Any], *, settling: float = 0.0) -> Delivery:
    """One whose subscription, in its event loop, does what a test wants."""

    class Told(Delivery):
        async def _listen(self) -> None:
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.current_task()
            await does(self)

    listener: Any = Listener()
    return Told(NOBODY, SubscribingUser("u", "p"), listener, lambda each, _: [], settling=settling)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (LivebusError("no user"), "no user"),
        (KeyError("oops"), "the subscription ended: KeyError: 'oops'"),
    ],
)
def test_who_cannot_subscribe_is_told(raised: Exception, told: str) -> None:
    """Nobody waits for ever: a fault as it is, a bug with its kind."""

    async def fail(_: Delivery) -> None:
        raise raised

    with pytest.raises(LivebusError) as error:
        listening(fail).__enter__()
    assert str(error.value) == told


def test_leaving_ends_the_subscription() -> None:
    """And its thread."""

    async def stand(each: Delivery) -> None:
        each._subscribed.set()
        await asyncio.Event().wait()

    waiting = listening(stand)
    with waiting:
        assert waiting._thread.is_alive()
    assert not waiting._thread.is_alive()
    assert waiting._error is None
    assert waiting._thread.daemon


def test_a_user_is_shown_without_a_password() -> None:
    """In whatever shows it."""
    assert repr(SubscribingUser("u", "secret")) == "User('u')"


class Session:
    """As much of a session as is asked for an API, and for who may subscribe."""

    def __init__(self, *, known: bool) -> None:
        self._known = known
        self.asked: list[Any] = []

    def api(self, *given: Any) -> Any:
        self.asked.append(given)
        if given and not self._known:
            raise Unreachable("no such output")
        return SimpleNamespace(realtime_url="wss://a", host="a")

    def client(self, service: str) -> str:
        return f"client of {service}"

    def client_id(self, api: Any) -> str:
        return f"client id of {api.host}"

    def pool_id(self, client_id: str) -> str:
        return f"pool of {client_id}"

    sign_in: Any = RealSession.sign_in


@pytest.mark.parametrize("known", [True, False])
def test_it_subscribes_to_the_templates_api_or_the_stacks(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the user's token, on the listener's field."""
    made: dict[str, Any] = {}

    class SignIn:
        token = "token"

        def __init__(self, client: str, **named: str) -> None:
            made["sign in"] = client, named

    class Subscriber:
        def __init__(self, **named: Any) -> None:
            made["subscriber"] = named

        def subscribe(self, query: str) -> Any:
            made["query"] = query
            return self

        async def __aenter__(self) -> Any:
            async def given() -> AsyncIterator[Any]:
                yield SimpleNamespace(data={"number": 1})

            return given()

        async def __aexit__(self, *_: object) -> None:
            made["left"] = True

    monkeypatch.setattr("livebus.aws.sign_in.SignIn", SignIn)
    monkeypatch.setattr("livebus.aws.subscribe.subscriber.Subscriber", Subscriber)
    session: Any = Session(known=known)
    listener: Any = Listener()
    waiting = Delivery(session, SubscribingUser("u", "p"), listener, lambda each, _: [])
    with waiting:
        waiting._thread.join(SECONDS)
    assert session.asked == [("Api", {"Api": ("url", "pool")}), *([] if known else [()])]
    assert made["sign in"] == (
        "client of cognito-idp",
        {"client_id": "client id of a", "pool_id": "pool of client id of a", "user_name": "u", "password": "p"},
    )
    assert made["subscriber"] == {"realtime_url": "wss://a", "host": "a", "token": "token"}
    assert (made["query"], made["left"]) == ("subscription { onOrder }", True)
    assert waiting.settled(0.0).unexpected == 1
