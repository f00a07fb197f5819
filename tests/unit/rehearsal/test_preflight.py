"""Which rules events would match, and what is told of those that match none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from livebus.errors import LivebusError
from livebus.event.stream import StreamedEntry
from livebus.operation import Services
from livebus.publish.unforeseen import Unforeseen
from livebus.rehearsal.preflight import Expectation, Preflight
from livebus.template import Environment
from livebus.validate.project import Project

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SERVICES = Services(0.0, lambda: "00000000-0000-4000-8000-000000000000")


@pytest.fixture(scope="module")
def inspection(project: Path) -> Any:
    return Project(project / "template.yaml").inspect(environment=Environment())


@pytest.fixture
def preflight(inspection: Any) -> Preflight:
    return Preflight(inspection, now=NOW)


def entry(detail: object, line: int = 1, **members: str) -> StreamedEntry:
    sent = {"Source": "sample.source", "DetailType": "message", "Detail": json.dumps(detail), **members}
    return StreamedEntry(json.dumps(sent).encode(), 0, "e.ndjson", line - 1, line)


def test_the_rules_that_match_are_named_and_counted(preflight: Preflight) -> None:
    """On the bus of the stack where the entry names none."""
    names = [preflight.look(entry({"msg": "hi"})) for _ in range(2)]
    (rule,) = names[0]
    assert (names, dict(preflight.matched), preflight.events, preflight.unmatched) == ([[rule]] * 2, {rule: 2}, 2, 0)
    assert preflight.findings() == []


def test_what_matches_none_is_told_with_the_reason_once(preflight: Preflight) -> None:
    """Events with the same reason are counted, the first is named, the commonest reason comes first."""
    for line, detail in enumerate([{"msg": 1}, {}, {}, {}, {"msg": "hi"}], start=1):
        preflight.look(entry(detail, line))
    told = [str(fault) for fault in preflight.findings()]
    assert [each.split(" says: ")[0].split(" (")[0] for each in told] == [
        "e.ndjson:2: the event matches no rule; rule 'publishMsgFromEB'",
        "e.ndjson:1: the event matches no rule; rule 'publishMsgFromEB'",
    ]
    assert told[0].endswith("(2 more such)")
    assert "$.detail.msg" in told[1]
    assert preflight.unmatched == 4


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"EventBusName": "livebuss"},
            "is for the bus 'livebuss', which the template has not. Did you mean 'livebus'?",
        ),
        ({"Source": "aws.x"}, "is refused: NotAuthorizedForSourceException: Not authorized for the source aws.x."),
    ],
)
def test_another_bus_and_refusals_are_told(preflight: Preflight, members: dict[str, str], expected: str) -> None:
    """An unknown bus takes events and drops them."""
    assert preflight.look(entry({"msg": "hi"}, **members)) == []
    assert [fault.found for fault in preflight.findings()] == [f"the event {expected}"]


def test_the_bus_may_be_given(inspection: Any) -> None:
    """Where publish.py was told of one, entries without a bus of their own go there; as a name or an ARN."""
    arn = "arn:aws:events:us-east-1:123456789012:event-bus/other"
    preflight = Preflight(inspection, now=NOW, bus=arn)
    assert preflight.look(entry({"msg": "hi"})) == []
    assert preflight.look(entry({"msg": "hi"}, EventBusName="livebus")) != []


def test_most_reasons_are_not_looked_for(preflight: Preflight, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many events the first are explained, and all are counted."""
    monkeypatch.setattr("livebus.rehearsal.preflight.MOST_EXPLAINED", 2)
    for _ in range(5):
        preflight.look(entry({}))
    (finding,) = preflight.findings()
    assert (preflight.unmatched, "1 more" in str(finding)) == (5, True)


def test_what_subscribers_receive_is_known_before(preflight: Preflight) -> None:
    """By a dry run of the mutation; nothing for another field, or for an event that matches no rule."""
    expectation = Expectation(preflight, SERVICES)
    sent = entry({"msg": "hi"})
    assert expectation.received(sent, "onPublishMsgFromEb") == [{"onPublishMsgFromEb": "hi"}]
    assert expectation.received(sent, "onOther") == []
    assert expectation.received(entry({}), "onPublishMsgFromEb") == []
    assert expectation.silence == "the event goes to other subscriptions than 'onOther'"


def test_why_nothing_comes_is_told_of_the_first_event(preflight: Preflight) -> None:
    """The condition that is not met, or what PutEvents says."""
    expectation = Expectation(preflight, SERVICES)
    assert expectation.received(entry({}), "onPublishMsgFromEb") == []
    first = expectation.silence
    assert expectation.received(entry("no object"), "onPublishMsgFromEb") == []
    assert ("$.detail.msg" in first, expectation.silence) == (True, first)


def test_a_mutation_that_writes_is_tried_on_tables_in_memory(project: Path, tmp_path: Path) -> None:
    """As livebus validate does: each event on empty ones, whatever the one before has written."""
    text = (project / "tests/vectors/checks/sound-data-sources.yaml").read_text(encoding="utf-8")
    answers = '{"version": "2018-05-29", "payload": $util.toJson($payload.msg)}'
    puts = """{"version": "2018-05-29", "operation": "PutItem", "key": {"id": {"S": "1"}},
          "attributeValues": {"msg": {"S": $util.toJson($payload.msg)}}, "condition": {"expression": "attribute_not_exists(id)"}}"""
    for old, new in (
        (answers, puts),
        ("!GetAtt None.Name", "!GetAtt Notes.Name"),
        ("$ctx.result)", "$ctx.result.msg)"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    (tmp_path / "template.yaml").write_text(text, encoding="utf-8")
    inspection = Project(tmp_path / "template.yaml").inspect(environment=Environment())
    expectation = Expectation(Preflight(inspection, now=NOW), SERVICES)

    received = [expectation.received(entry({"msg": "hi"}), "onPublish") for _ in range(2)]

    assert (received, expectation.silence) == ([[{"onPublish": "hi"}]] * 2, "")


@pytest.fixture
def readings(project: Path) -> Preflight:
    """An application whose subscription's filter lets nobody have anything who says not to what."""
    template = project / "tests" / "support" / "readings" / "template.yaml"
    return Preflight(Project(template).inspect(environment=Environment()), now=NOW)


def test_what_a_filter_keeps_from_the_listener_is_not_awaited(readings: Preflight) -> None:
    """A dry run hears it with arguments; the listener gives none."""
    expectation = Expectation(readings, SERVICES)
    sent = entry({"meter": "m-1", "value": 1}, Source="meters")
    assert expectation.received(sent, expectation.listener().field) == []
    assert expectation.silence == "the subscription's filter keeps it from whoever gives 'stored' no arguments"


@pytest.mark.parametrize("kind", ["Reading", "Reading!"])
def test_what_another_server_answers_is_not_known_before(project: Path, tmp_path: Path, kind: str) -> None:
    """Any message on the field is the right one; none is awaited on another."""
    folder = project / "tests" / "support" / "readings"
    text = (folder / "api.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("Type: AMAZON_DYNAMODB", "Type: HTTP"),
        (
            "DynamoDBConfig: {TableName: !Ref Readings, AwsRegion: !Ref AWS::Region}",
            "HttpConfig: {Endpoint: https://a.example}",
        ),
        ("import { put } from '@aws-appsync/utils/dynamodb';", ""),
        (
            "put({ key: { meter: ctx.args.meter }, item: { value: ctx.args.value } })",
            "({ resourcePath: '/', method: 'GET' })",
        ),
        ("value: Float!): Reading @", f"value: Float!): {kind} @"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "api.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "template.yaml").write_text((folder / "template.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    inspection = Project(tmp_path / "template.yaml").inspect(environment=Environment())
    expectation = Expectation(Preflight(inspection, now=NOW), SERVICES)
    sent = entry({"meter": "m-1", "value": 1}, Source="meters")
    assert expectation.received(sent, "stored") == [{"stored": Unforeseen.VALUE}]
    assert expectation.received(sent, "other") == []


def test_fields_that_demand_arguments_are_told_with_them(project: Path, tmp_path: Path) -> None:
    """Nobody can listen to them without; the way that is left is told."""
    template = project / "tests" / "support" / "readings"
    for name, old, new in (("template.yaml", "", ""), ("api.yaml", "stored(meter: ID)", "stored(meter: ID!)")):
        text = (template / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(old, new) if old else text, encoding="utf-8")
    inspection = Project(tmp_path / "template.yaml").inspect(environment=Environment())
    with pytest.raises(LivebusError) as raised:
        Expectation(Preflight(inspection, now=NOW), SERVICES).listener()
    assert str(raised.value) == (
        "no subscription that a mutation feeds goes without arguments: stored demands 'meter'. "
        "Listen with `livebus subscribe --filter NAME=VALUE` in another shell, and publish without --wait."
    )


@pytest.mark.parametrize(
    ("path", "members", "foreseen"),
    [
        ("$.id", {}, False),
        ("$.time", {}, False),
        ("$.time", {"Time": "2026-01-01T00:00:00Z"}, True),
        ("$.source", {}, True),
        ("$.detail.msg", {}, True),
    ],
    ids=["id", "time", "a time of its own", "source", "detail"],
)
def test_what_aws_sets_in_an_event_is_not_known_before(
    project: Path, tmp_path: Path, path: str, members: dict[str, str], *, foreseen: bool
) -> None:
    """A second run, as another event at another time, tells it from what the entry says; for later events as well."""
    text = (project / "tests/vectors/checks/sound.yaml").read_text(encoding="utf-8")
    assert text.count("$.detail.msg") == 1
    (tmp_path / "template.yaml").write_text(text.replace("$.detail.msg", path), encoding="utf-8")
    inspection = Project(tmp_path / "template.yaml").inspect(environment=Environment())
    expectation = Expectation(Preflight(inspection, now=NOW), SERVICES)

    received = [expectation.received(entry({"msg": "hi"}, **members), "onPublish") for _ in range(2)]

    assert [[each["onPublish"] is not Unforeseen.VALUE for each in messages] for messages in received] == [
        [foreseen]
    ] * 2


@pytest.mark.parametrize("path", ["$.account", "$.region"])
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
def test_where_an_event_goes_is_known_only_here(project: Path, tmp_path: Path, path: str, *, elsewhere: bool) -> None:
    """The account and the region are those of the local runtime, and unforeseen on AWS."""
    text = (project / "tests/vectors/checks/sound.yaml").read_text(encoding="utf-8")
    (tmp_path / "template.yaml").write_text(text.replace("$.detail.msg", path), encoding="utf-8")
    inspection = Project(tmp_path / "template.yaml").inspect(environment=Environment())
    expectation = Expectation(Preflight(inspection, now=NOW, elsewhere=elsewhere), SERVICES)

    (message,) = expectation.received(entry({"msg": "hi"}), "onPublish")

    known = {"$.account": Environment().account, "$.region": Environment().region}[path]
    assert message == {"onPublish": Unforeseen.VALUE if elsewhere else known}
