"""A connection's life: what it answers, when it sends ka, when it closes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.realtime import (
    Connection,
    ConnectionInit,
    RealtimeSettings,
    Start,
    Stop,
    data_frame,
    data_prefix,
)

INIT = '{"type":"connection_init"}'
ACK = {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300000}}
KA = {"type": "ka"}
SERVER_TYPES = {"connection_ack", "ka", "start_ack", "data", "error", "complete", "connection_error"}
UNAUTHORIZED = [{"errorType": "UnauthorizedException", "message": "no", "errorCode": 401}]


def start_text(subscription_id: Any, **payload: Any) -> str:
    """A start message; members of the payload can be replaced, and left out with None."""
    members = {
        "data": json.dumps({"query": "subscription { onX }"}),
        "extensions": {"authorization": {"Authorization": "jwt"}},
        **payload,
    }
    return json.dumps(
        {
            "id": subscription_id,
            "type": "start",
            "payload": {name: value for name, value in members.items() if value is not None},
        }
    )


def stop_text(subscription_id: Any) -> str:
    """A stop message."""
    return json.dumps({"id": subscription_id, "type": "stop"})


def sent(connection: Connection) -> list[Any]:
    """What waits to be sent, decoded."""
    return [json.loads(text) for text in connection.messages_to_send()]


def error_of(connection: Connection) -> tuple[Any, Any]:
    """The id and errors of the only message that waits, which must be an error."""
    (message,) = sent(connection)
    assert message["type"] == "error"
    return message.get("id"), message["payload"]["errors"]


def accepted(now: float = 0.0, **limits: Any) -> Connection:
    """A connection after connection_ack, with nothing left to send."""
    connection = Connection(now, settings=RealtimeSettings(**limits))
    connection.receive(INIT, now)
    connection.accept_connection()
    connection.messages_to_send()
    return connection


def subscription_ids(connection: Connection) -> tuple[str, ...]:
    """The ids in use: started or running, in the order of their starts."""
    return tuple(connection._subscriptions)


def running(*ids: str, **limits: Any) -> Connection:
    """A connection on which subscriptions run."""
    connection = accepted(**limits)
    for subscription_id in ids:
        connection.receive(start_text(subscription_id), 0.0)
        connection.accept_start(subscription_id)
    connection.messages_to_send()
    return connection


def test_acknowledges_with_a_ka_behind() -> None:
    """connection_init is an event; accepting sends connection_ack and the first ka."""
    connection = Connection(0.0)

    assert connection.receive(INIT, 1.0) == ConnectionInit()
    assert sent(connection) == []
    connection.accept_connection()

    assert sent(connection) == [ACK, KA]
    assert connection.accepted


def test_reports_one_connection_init_at_a_time() -> None:
    """A client that repeats connection_init is not reported twice, and is acknowledged again once accepted."""
    connection = Connection(0.0)
    connection.receive(INIT, 0.0)

    assert connection.receive(INIT, 0.0) is None
    connection.accept_connection()
    assert sent(connection) == [ACK, KA]
    assert connection.receive(INIT, 0.0) is None
    assert sent(connection) == [ACK, KA]


def test_hands_a_start_over_as_it_came() -> None:
    """A start carries the signed text, what stands in it, and its own authorization in any case of names."""
    connection = accepted()
    data = json.dumps({"query": "subscription S($a: ID) { onX(a: $a) }", "variables": {"a": 1}, "operationName": "S"})

    event = connection.receive(start_text("1", data=data), 0.0)

    assert isinstance(event, Start)
    assert (event.id, event.data, event.operation_name) == ("1", data, "S")
    assert (event.query, event.variables) == ("subscription S($a: ID) { onX(a: $a) }", {"a": 1})
    assert event.authorization["AUTHORIZATION"] == "jwt"


@pytest.mark.parametrize("extra", [{}, {"variables": None, "operationName": None}, {"operationName": ""}])
def test_takes_a_start_without_variables(extra: dict[str, Any]) -> None:
    """Variables and operationName may be absent, null or empty."""
    event = accepted().receive(start_text("1", data=json.dumps({"query": "q", **extra})), 0.0)

    assert isinstance(event, Start)
    assert (event.variables, event.operation_name) == ({}, None)


def test_confirms_and_completes_a_subscription() -> None:
    """start is answered by start_ack, stop by complete, with the id as the client wrote it."""
    connection = accepted()
    connection.receive(start_text("ü 1"), 0.0)

    assert connection.accept_start("ü 1") is True
    assert sent(connection) == [{"type": "start_ack", "id": "ü 1"}]
    assert connection.receive(stop_text("ü 1"), 0.0) == Stop("ü 1")
    assert connection.receive(stop_text("ü 1"), 0.0) is None
    connection.complete("ü 1")
    assert sent(connection) == [{"type": "complete", "id": "ü 1"}]
    assert subscription_ids(connection) == ()


def test_completes_a_subscription_on_its_own() -> None:
    """An invalidated subscription ends with complete, and its id can be used again."""
    connection = running("1")

    connection.complete("1")

    assert sent(connection) == [{"type": "complete", "id": "1"}]
    assert isinstance(connection.receive(start_text("1"), 0.0), Start)


def test_refuses_one_start_and_keeps_the_others() -> None:
    """A failed start is an error with its id; the connection goes on."""
    connection = running("1")
    connection.receive(start_text("2"), 0.0)

    connection.refuse_start("2", [{"errorType": "Unauthorized", "message": "no"}])

    assert error_of(connection) == ("2", [{"errorType": "Unauthorized", "message": "no"}])
    assert subscription_ids(connection) == ("1",)
    assert connection.should_close is None


@pytest.mark.parametrize("answer", ["accept", "refuse"])
def test_a_stop_overtakes_the_answer_to_its_start(answer: str) -> None:
    """A start that is stopped before it was answered ends with complete alone, whatever the answer is."""
    connection = accepted()
    connection.receive(start_text("1"), 0.0)

    assert connection.receive(stop_text("1"), 0.0) is None
    assert connection.receive(start_text("1"), 0.0) is None
    assert error_of(connection)[1][0]["errorType"] == "DuplicatedOperationError"
    if answer == "accept":
        assert connection.accept_start("1") is False
    else:
        connection.refuse_start("1", UNAUTHORIZED)

    assert sent(connection) == [{"type": "complete", "id": "1"}]
    assert subscription_ids(connection) == ()


def test_takes_a_start_without_connection_init() -> None:
    """AppSync's guide calls connection_init optional."""
    assert isinstance(Connection(0.0).receive(start_text("1"), 0.0), Start)


def test_can_require_connection_init() -> None:
    """With the setting, a start before connection_ack is an error."""
    connection = Connection(0.0, settings=RealtimeSettings(connection_init_required=True))

    assert connection.receive(start_text("1"), 0.0) is None
    assert error_of(connection) == (
        "1",
        [
            {
                "errorType": "BadRequestException",
                "message": "A start message must come after connection_ack.",
                "errorCode": 400,
            }
        ],
    )


@pytest.mark.parametrize(
    "text",
    ["", "{", "nonsense", "[1]", "null", '"text"', "1e400", b"\xff\xfe", '{"a":"\\ud800"}', "[" * 2000, "\ud800"],
)
def test_answers_texts_that_are_no_messages(text: str | bytes) -> None:
    """What is no JSON object is a bad request; the connection goes on."""
    connection = running("1")

    assert connection.receive(text, 0.0) is None

    subscription_id, errors = error_of(connection)
    assert (subscription_id, errors[0]["errorType"], errors[0]["errorCode"]) == (None, "BadRequestException", 400)
    assert connection.should_close is None
    assert subscription_ids(connection) == ("1",)


@pytest.mark.parametrize(
    "message_type", ["subscribe", "ping", "connection_terminate", "", 5, None, ["start"], {"a": 1}]
)
def test_answers_unknown_types(message_type: Any) -> None:
    """An unknown type gets AppSync's words, without the id that it had."""
    connection = accepted()

    assert connection.receive(json.dumps({"id": "7", "type": message_type}), 0.0) is None

    assert error_of(connection) == (
        None,
        [{"errorType": "UnsupportedOperation", "message": "unknown not supported through the realtime channel"}],
    )


@pytest.mark.parametrize("subscription_id", [None, "", 1, ["1"], {"id": "1"}, True])
@pytest.mark.parametrize("message", ["start", "stop"])
def test_answers_ids_that_are_no_strings(message: str, subscription_id: Any) -> None:
    """An id that is no string cannot be echoed: the error has none."""
    connection = running("1")

    assert (
        connection.receive(start_text(subscription_id) if message == "start" else stop_text(subscription_id), 0.0)
        is None
    )

    assert error_of(connection) == (
        None,
        [
            {
                "errorType": "BadRequestException",
                "message": f"The id of a {message} message must be a string.",
                "errorCode": 400,
            }
        ],
    )


@pytest.mark.parametrize(
    ("payload", "error_type", "message"),
    [
        ({"extensions": None}, "UnauthorizedException", "Valid authorization header not provided."),
        ({"extensions": []}, "UnauthorizedException", "Valid authorization header not provided."),
        ({"extensions": {"authorization": {}}}, "UnauthorizedException", "Valid authorization header not provided."),
        ({"extensions": {"authorization": "jwt"}}, "UnauthorizedException", "Valid authorization header not provided."),
        (
            {"data": {"query": "subscription { onX }"}},
            "BadRequestException",
            "The data of a start message must be a string that holds JSON.",
        ),
        ({"data": None}, "BadRequestException", "The data of a start message must be a string that holds JSON."),
        ({"data": ""}, "BadRequestException", "Unable to parse GraphQL query."),
        ({"data": "subscription { onX }"}, "BadRequestException", "Unable to parse GraphQL query."),
        ({"data": "[]"}, "BadRequestException", "Unable to parse GraphQL query."),
        ({"data": "{}"}, "BadRequestException", "Unable to parse GraphQL query."),
        ({"data": '{"query":5}'}, "BadRequestException", "Unable to parse GraphQL query."),
        (
            {"data": '{"query":"q","variables":"{}"}'},
            "BadRequestException",
            "The variables of a GraphQL request must be an object.",
        ),
        (
            {"data": '{"query":"q","operationName":5}'},
            "BadRequestException",
            "The operationName of a GraphQL request must be a string.",
        ),
    ],
)
def test_answers_starts_out_of_shape(payload: dict[str, Any], error_type: str, message: str) -> None:
    """A start that cannot be read is an error with its id, and the id stays free."""
    connection = accepted()

    assert connection.receive(start_text("1", **payload), 0.0) is None

    subscription_id, errors = error_of(connection)
    assert (subscription_id, errors[0]["errorType"], errors[0]["message"]) == ("1", error_type, message)
    assert subscription_ids(connection) == ()


@pytest.mark.parametrize("payload", [None, [], "text"])
def test_answers_a_start_without_an_object_for_payload(payload: Any) -> None:
    """The payload must be an object."""
    connection = accepted()

    connection.receive(json.dumps({"id": "1", "type": "start", "payload": payload}), 0.0)

    assert error_of(connection)[1][0]["message"] == "The payload of a start message must be an object."


@pytest.mark.parametrize("state", ["pending", "running", "stopping"])
def test_answers_an_id_in_use(state: str) -> None:
    """A second start with the id of the first is a duplicate for as long as the first is not over."""
    connection = accepted()
    connection.receive(start_text("1"), 0.0)
    if state != "pending":
        connection.accept_start("1")
    if state == "stopping":
        connection.receive(stop_text("1"), 0.0)
    connection.messages_to_send()

    assert connection.receive(start_text("1"), 0.0) is None

    assert error_of(connection) == (
        "1",
        [{"errorType": "DuplicatedOperationError", "message": "Duplicated operation with id 1"}],
    )


def test_answers_one_subscription_too_many() -> None:
    """The limit's errors are an object with the number in the text; a free place can be taken again."""
    connection = running(*map(str, range(100)))

    assert connection.receive(start_text("100"), 0.0) is None
    assert error_of(connection) == (
        "100",
        {"errorType": "MaxSubscriptionsReachedError", "message": "Max number of 100 subscriptions reached"},
    )
    connection.receive(stop_text("5"), 0.0)
    connection.complete("5")
    assert isinstance(connection.receive(start_text("100"), 0.0), Start)


def test_answers_an_unknown_stop() -> None:
    """Stopping what does not run is an error with the id."""
    connection = running("1")

    assert connection.receive(stop_text("2"), 0.0) is None

    assert error_of(connection) == (
        "2",
        [{"errorType": "UnknownOperationError", "message": "Unknown operation id 2"}],
    )


def test_refuses_a_connection_and_closes_late() -> None:
    """After connection_error everything is read and nothing answered, until the socket closes a second later."""
    connection = Connection(10.0)

    connection.refuse_connection(UNAUTHORIZED)
    assert sent(connection) == [{"type": "connection_error", "payload": {"errors": UNAUTHORIZED}}]
    assert connection.receive(INIT, 10.2) is None
    assert connection.receive("nonsense", 10.3) is None
    assert connection.next_deadline() == 11.0
    connection.handle_deadline(10.9)
    assert connection.should_close is None
    connection.handle_deadline(11.0)

    assert connection.should_close == (1000, "")
    assert sent(connection) == []
    assert connection.next_deadline() is None


def test_ignores_late_answers_after_a_refusal() -> None:
    """Answers that arrive when the connection is over change nothing."""
    connection = running("1")
    connection.receive(start_text("2"), 0.0)
    connection.refuse_connection(UNAUTHORIZED)
    connection.messages_to_send()

    assert connection.accept_start("2") is False
    connection.refuse_start("2", UNAUTHORIZED)
    connection.complete("1")
    connection.accept_connection()
    connection.refuse_connection(UNAUTHORIZED)

    assert sent(connection) == []
    assert subscription_ids(connection) == ()


def test_sends_ka_on_time() -> None:
    """ka goes out once a minute after the acknowledgement, late or not, and never early."""
    connection = Connection(0.0)
    connection.receive(INIT, 5.0)
    connection.accept_connection()
    connection.messages_to_send()

    assert connection.next_deadline() == 65.0
    connection.handle_deadline(64.9)
    assert sent(connection) == []
    connection.handle_deadline(65.0)
    assert sent(connection) == [KA]
    connection.handle_deadline(300.0)
    assert sent(connection) == [KA]
    assert connection.next_deadline() == 360.0


def test_sends_ka_before_connection_init_too() -> None:
    """A client that never sends connection_init gets ka nevertheless."""
    connection = Connection(0.0)

    connection.handle_deadline(60.0)

    assert sent(connection) == [KA]


def test_closes_without_connection_init() -> None:
    """A connection that only stays is closed."""
    connection = Connection(0.0, settings=RealtimeSettings(init_timeout=15.0))

    assert connection.next_deadline() == 15.0
    connection.handle_deadline(15.0)

    assert connection.should_close == (1008, "connection_init not received")


@pytest.mark.parametrize("text", [INIT, start_text("1")])
def test_waits_no_longer_once_the_client_speaks(text: str) -> None:
    """connection_init or a start ends the waiting for them."""
    connection = Connection(0.0, settings=RealtimeSettings(init_timeout=15.0))

    connection.receive(text, 1.0)

    assert connection.next_deadline() == 60.0


def test_closes_after_a_day() -> None:
    """A connection lives 24 hours; then its subscriptions are over."""
    connection = running("1", keep_alive=1e9)

    assert connection.next_deadline() == 86_400.0
    connection.handle_deadline(86_400.0)

    assert connection.should_close == (1001, "Connection lifetime exceeded")
    assert subscription_ids(connection) == ()
    assert connection.receive(start_text("2"), 86_401.0) is None
    connection.handle_deadline(1e12)
    assert sent(connection) == []


@pytest.mark.parametrize(
    "move",
    [
        lambda connection: connection.accept_connection(),
        lambda connection: connection.accept_start("9"),
        lambda connection: connection.accept_start("1"),
        lambda connection: connection.refuse_start("9", []),
        lambda connection: connection.complete("9"),
    ],
)
def test_moves_that_nobody_asked_for_are_bugs(move: Any) -> None:
    """Answering what was never asked raises AssertionError."""
    with pytest.raises(AssertionError):
        move(running("1"))


def test_completing_a_start_that_is_not_confirmed_is_a_bug() -> None:
    """A pending start is accepted or refused, not completed."""
    connection = accepted()
    connection.receive(start_text("1"), 0.0)

    with pytest.raises(AssertionError):
        connection.complete("1")


def test_accepting_before_connection_init_is_a_bug() -> None:
    """connection_ack answers connection_init."""
    with pytest.raises(AssertionError):
        Connection(0.0).accept_connection()


def test_builds_data_frames_from_a_prefix() -> None:
    """A frame is prefix, payload and a brace; ids are escaped."""
    frame = data_frame(data_prefix('a"\\b'), b'{"data":{"onX":"y"}}')

    assert json.loads(frame) == {"id": 'a"\\b', "type": "data", "payload": {"data": {"onX": "y"}}}


def test_sends_errors_that_orjson_refuses() -> None:
    """A lone surrogate or a large integer in a resolver's error reaches the client."""
    connection = accepted()
    connection.receive(start_text("1"), 0.0)

    connection.refuse_start("1", [{"message": "\ud800", "data": 10**30}])

    assert error_of(connection) == ("1", [{"message": "\ud800", "data": 10**30}])


IDS = st.sampled_from(["1", "2", "3", ""])
LOOSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | IDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(["connection_init", "start", "stop", "complete", "data"]) | LOOSE},
    optional={
        "id": IDS | LOOSE,
        "payload": LOOSE
        | st.fixed_dictionaries(
            {},
            optional={
                "data": st.sampled_from(['{"query":"q"}', '{"query":"q","variables":{}}', "{}", "x"]) | LOOSE,
                "extensions": LOOSE | st.just({"authorization": {"Authorization": "jwt"}}),
            },
        ),
    },
)
TEXTS = (
    MESSAGES.map(json.dumps)
    | st.sampled_from([INIT, *map(start_text, "123"), *map(stop_text, "123")])
    | st.text(max_size=20)
    | st.binary(max_size=20)
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.booleans(), st.floats(0, 200)), max_size=30), st.booleans())
def test_no_text_raises_and_all_frames_are_appsyncs(
    steps: list[tuple[str | bytes, bool, float]], init_required: bool
) -> None:
    """Whatever a client sends, nothing raises, and frames are JSON of AppSync's types with ids that were started."""
    now = 0.0
    connection = Connection(
        now, settings=RealtimeSettings(max_subscriptions=2, connection_init_required=init_required, init_timeout=1000)
    )
    frames: list[Any] = []
    unanswered: list[str] = []
    for text, agrees, wait in steps:
        match connection.receive(text, now):
            case ConnectionInit() if agrees:
                connection.accept_connection()
            case ConnectionInit():
                connection.refuse_connection(UNAUTHORIZED)
            case Start(id=subscription_id):
                unanswered.append(subscription_id)
            case Stop(id=subscription_id):
                connection.complete(subscription_id)
        if agrees and unanswered:
            connection.accept_start(unanswered.pop())
        elif unanswered and wait > 100:
            connection.refuse_start(unanswered.pop(), UNAUTHORIZED)
        now += wait
        deadline = connection.next_deadline()
        if deadline is not None and now >= deadline:
            connection.handle_deadline(now)
            following = connection.next_deadline()
            assert following is None or following > now
        frames += sent(connection)

    assert {frame["type"] for frame in frames} <= SERVER_TYPES
    assert all(isinstance(frame.get("id", ""), str) for frame in frames)
    confirmed = [frame["id"] for frame in frames if frame["type"] == "start_ack"]
    assert set(subscription_ids(connection)) <= set(confirmed) | set(unanswered)
    assert len(subscription_ids(connection)) <= 2


def test_a_start_that_was_refused_does_not_keep_a_connection() -> None:
    """Without connection_init, the time for it goes on as if there had been no start; one that runs ends it."""
    connection = Connection(0.0, settings=RealtimeSettings(init_timeout=15.0))
    connection.receive(start_text("1"), 1.0)
    connection.refuse_start("1", [])
    assert connection.next_deadline() == 15.0

    connection.receive(start_text("2"), 2.0)
    connection.accept_start("2")
    assert connection.next_deadline() == 60.0
