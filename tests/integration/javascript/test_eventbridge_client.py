"""
The AWS SDK for JavaScript 3 publishing to the local runtime, in node.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from support.program import Program


@pytest.fixture(scope="module")
def events(start_worker: Callable[..., Program]) -> Iterator[Program]:
    with start_worker("eventbridge.mjs") as program:
        yield program


def _entry(outputs: dict[str, str], detail: str, source: str = "sample.source") -> dict[str, str]:
    return {"EventBusName": outputs["EventBusName"], "Source": source, "DetailType": "message", "Detail": detail}


@pytest.fixture
def listener(apollo: Program, outputs: dict[str, str], tokens: dict[str, str]) -> Iterator[Program]:
    """Apollo Client, subscribed."""
    apollo.call("configure", outputs=outputs, token=tokens["AccessToken"])
    apollo.call("subscribe", query="subscription { onPublishMsgFromEb }")
    yield apollo
    apollo.call("unsubscribe")


@pytest.mark.parametrize("way", [("fromEnvironment", "http"), ("local", "http"), ("local", "https")], ids=" ".join)
def test_a_subscriber_receives_what_it_published(
    events: Program,
    listener: Program,
    outputs_by_protocol: dict[str, dict[str, str]],
    assert_receives: Callable[..., None],
    way: tuple[str, str],
) -> None:
    """An event that it published arrives, with the runtime's variables set or with its endpoint given."""
    name, protocol = way
    outputs = outputs_by_protocol[protocol]
    events.call("configure", name=name, outputs=outputs)

    def publish(message: str, source: str = "sample.source") -> None:
        entry = _entry(outputs, json.dumps({"msg": message}), source)
        assert events.call("putEvents", entries=[entry])["FailedEntryCount"] == 0

    assert_receives(listener, publish)


def test_a_malformed_detail_fails_alone(events: Program, outputs: dict[str, str]) -> None:
    """Of two entries the one whose Detail is no JSON fails, in its place, and the other is taken."""
    events.call("configure", name="local", outputs=outputs)
    entries = [_entry(outputs, "{"), _entry(outputs, "{}", "another.source")]
    answer = events.call("putEvents", entries=entries)
    failed, taken = answer["Entries"]
    assert (answer["FailedEntryCount"], failed["ErrorCode"], list(taken)) == (1, "MalformedDetail", ["EventId"])


def test_an_untrusted_certificate_is_refused(
    start_worker: Callable[..., Program], secure_outputs: dict[str, str]
) -> None:
    """Without NODE_EXTRA_CA_CERTS nothing is published over TLS."""
    with start_worker("eventbridge.mjs", trusting=False) as events:
        events.call("configure", name="local", outputs=secure_outputs)
        answer = events.ask("putEvents", entries=[_entry(secure_outputs, "{}")])
    assert "certificate" in answer["error"]["message"]
