"""The dry run: how far an event comes, what the default subscribers receive, and why they don't."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from livebus.operation import Services
from livebus.rehearsal.audience import MOST_TRIED, default_subscriber
from livebus.rehearsal.stage import Rehearsal, Stage, rehearse
from livebus.testing import LocalLine

SOUND = Path(__file__).parents[2] / "vectors" / "checks" / "sound.yaml"
EVENT = {"source": "sample.source", "detail-type": "message", "detail": {"msg": "hello"}}
Change = tuple[str, str]

ORDER_SCHEMA: list[Change] = [
    ("publish(msg: String!): String! @aws_iam", "publish(msg: String!): Order @aws_iam"),
    (
        'onPublish: String @aws_cognito_user_pools @aws_subscribe(mutations: ["publish"])',
        'onPublish: Order @aws_cognito_user_pools @aws_subscribe(mutations: ["publish"])',
    ),
    (
        "        type Query {",
        (
            "        type Order @aws_iam @aws_cognito_user_pools {\n          id: ID!\n          status: String!\n"
            "          note: String @aws_iam\n        }\n        type Query {"
        ),
    ),
    ("payload: ctx.args.msg", 'payload: { id: ctx.args.msg, status: "new", note: "inside" }'),
    ("publish(msg: $msg)\n", "publish(msg: $msg) { id status note }\n"),
]


def services() -> Services:
    ids = count()
    return Services(1_768_478_400.0, lambda: f"id-{next(ids)}")


@pytest.fixture
def line(tmp_path: Path) -> Callable[..., LocalLine]:
    """Makes the line of the sound template, with changes (old text, new text)."""

    def make(*changes: Change) -> LocalLine:
        text = SOUND.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        template = tmp_path / "template.yaml"
        template.write_text(text, encoding="utf-8")
        return LocalLine.from_template(template)

    return make


def tried(local: LocalLine, event: dict[str, Any] | None = None) -> Rehearsal:
    found = local._reader.event({"Source": "sample.source", "DetailType": "message", **_entry(event or EVENT)})
    assert not hasattr(found, "code")
    return rehearse(local.line, found, services=services())


def _entry(event: dict[str, Any]) -> dict[str, Any]:
    entry = {"Source": event["source"], "DetailType": event["detail-type"]}
    entry["Detail"] = orjson.dumps(event["detail"]).decode()
    return entry | ({"EventBusName": event["bus"]} if "bus" in event else {})


def step(rehearsal: Rehearsal, station: str) -> dict[str, Any]:
    return next(each for each in rehearsal.steps if each["station"] == station)


def test_an_event_that_arrives_tells_of_every_station(line: Callable[..., LocalLine]) -> None:
    """Bus, pattern, variables, the mutation's answer, and what the default subscriber receives, as JSON."""
    rehearsal = tried(line())

    where = {"rule": "publish", "target": "AppSync"}
    assert rehearsal.arrives
    assert rehearsal.reasons == []
    assert orjson.loads(orjson.dumps(rehearsal.steps)) == [
        {
            "station": "bus",
            "accepted": True,
            "bus": "livebus",
            "source": "sample.source",
            "detailType": "message",
        },
        {"station": "pattern", "rule": "publish", "matches": True, "reasons": []},
        {"station": "transformer", **where, "variables": {"msg": "hello"}},
        {
            "station": "execution",
            **where,
            "operation": "mutation Publish($msg: String!) {\n  publish(msg: $msg)\n}\n",
            "status": 200,
            "data": {"publish": "hello"},
            "errors": [],
        },
        {
            "station": "subscription",
            **where,
            "field": "onPublish",
            "subscriber": {
                "mode": "AMAZON_COGNITO_USER_POOLS",
                "groups": [],
                "query": "subscription { onPublish }",
                "arguments": {},
            },
            "received": {"data": {"onPublish": "hello"}},
        },
    ]


def test_real_subscribers_hear_nothing(line: Callable[..., LocalLine]) -> None:
    """A rehearsal has a registry of its own."""
    local = line()
    subscriber = local.subscribe("subscription { onPublish }")
    tried(local)

    assert subscriber.messages == []


def test_the_same_event_comes_out_the_same(line: Callable[..., LocalLine]) -> None:
    """Time and ids are arguments: two runs give equal steps."""
    local = line(("payload: ctx.args.msg", "payload: `${util.autoId()} ${util.time.nowISO8601()}`"))

    assert tried(local).steps == tried(local).steps


def test_an_event_that_no_rule_matches_names_the_condition(line: Callable[..., LocalLine]) -> None:
    """The condition that failed, with what was found."""
    rehearsal = tried(line(), {**EVENT, "source": "another"})

    assert not rehearsal.arrives
    assert step(rehearsal, "pattern")["matches"] is False
    assert rehearsal.reasons == [f"rule publish does not match: {'; '.join(step(rehearsal, 'pattern')['reasons'])}"]
    assert "another" in rehearsal.reasons[0]


def test_a_disabled_rule_is_told(line: Callable[..., LocalLine]) -> None:
    """It would match, were it enabled."""
    rehearsal = tried(line(("      Name: publish\n", "      Name: publish\n      State: DISABLED\n")))

    assert rehearsal.reasons == ["rule publish does not match: the rule is DISABLED"]


def test_a_bus_that_is_not_there_is_told_with_the_one_meant(line: Callable[..., LocalLine]) -> None:
    """AWS accepts such an event, and drops it."""
    rehearsal = tried(line(), {**EVENT, "bus": "livebuss"})

    assert rehearsal.reasons == [
        "there is no event bus 'livebuss'. Did you mean 'livebus'? AWS accepts the event and drops it in silence"
    ]


def test_a_mutation_that_fails_keeps_the_event_from_arriving(line: Callable[..., LocalLine]) -> None:
    """GraphQL errors come inside a 200, and nothing is published."""
    rehearsal = tried(line(("payload: ctx.args.msg", "payload: null")))

    assert not rehearsal.arrives
    assert rehearsal.reasons[0].startswith("publish: the mutation fails: ")
    assert step(rehearsal, "subscription")["reason"] == "nothing was published, as the mutation failed"


def test_a_role_that_may_not_run_the_mutation_fails(line: Callable[..., LocalLine]) -> None:
    """NO_PERMISSIONS, as EventBridge says."""
    rehearsal = tried(line(("/types/Mutation/fields/publish", "/types/Mutation/fields/another")))

    assert not rehearsal.arrives
    assert step(rehearsal, "failure")["code"] == "NO_PERMISSIONS"


def test_whether_a_role_trusts_a_rule_whose_name_is_not_known_is_not_known(line: Callable[..., LocalLine]) -> None:
    """The name is another stack's; the role's condition has the one that the rule is to have there."""
    change = ("      Name: publish\n      EventBusName", "      Name: !ImportValue RuleName\n      EventBusName")
    rehearsal = tried(line(change))
    assert not rehearsal.arrives
    assert rehearsal.is_not_emulated
    assert [each.unproven for each in rehearsal.invocations] == [
        "whether the role takes rule 'Rule', whose name is only known where it is deployed, is not known"
    ]
    assert "NO_PERMISSIONS: " in rehearsal.reasons[0]


def test_a_mutation_that_no_subscription_names_reaches_nobody(line: Callable[..., LocalLine]) -> None:
    """Without @aws_subscribe there is nobody to hear of it."""
    rehearsal = tried(line((' @aws_subscribe(mutations: ["publish"])', "")))

    assert rehearsal.reasons == ["publish: no subscription field names the mutation publish in @aws_subscribe"]


def test_a_message_over_240_kb_is_dropped(line: Callable[..., LocalLine]) -> None:
    """The mutation takes it; the subscriber gets nothing."""
    rehearsal = tried(line(), {**EVENT, "detail": {"msg": "x" * 250_000}})

    assert not rehearsal.arrives
    assert "more than 245760" in step(rehearsal, "subscription")["reason"]


def test_the_default_subscriber_asks_for_what_it_may_read(line: Callable[..., LocalLine]) -> None:
    """A field that only IAM may read is not in its selection."""
    rehearsal = tried(line(*ORDER_SCHEMA))

    assert step(rehearsal, "subscription")["subscriber"]["query"] == "subscription { onPublish { id status } }"
    assert step(rehearsal, "subscription")["received"]["data"]["onPublish"]["id"] == "hello"


def test_a_type_that_has_no_directive_for_subscribers_reaches_them(line: Callable[..., LocalLine]) -> None:
    """The subscription is open: the directives of what it returns keep nothing from subscribers."""
    changes = [(old, new.replace("@aws_iam @aws_cognito_user_pools {", "@aws_iam {")) for old, new in ORDER_SCHEMA]
    rehearsal = tried(line(*changes))

    assert rehearsal.reasons == []
    received = step(rehearsal, "subscription")["received"]
    assert received == {"data": {"onPublish": {"id": "hello", "status": "new", "note": "inside"}}}


def test_what_the_mutation_does_not_select_is_left_out_and_told(line: Callable[..., LocalLine]) -> None:
    """A subscriber who asks for a non-null field that is not selected gets an error; others get the message."""
    rehearsal = tried(line(*ORDER_SCHEMA, ("{ id status note }", "{ id }")))

    assert rehearsal.arrives
    assert step(rehearsal, "subscription")["received"] == {"data": {"onPublish": {"id": "hello"}}}
    assert step(rehearsal, "subscription")["unselected"] == ["status"]


def test_required_arguments_are_given_from_the_result(line: Callable[..., LocalLine]) -> None:
    """The subscriber is one who asks for just this order."""
    rehearsal = tried(line(*ORDER_SCHEMA, ("onPublish: Order", "onPublish(id: ID!): Order")))

    subscription = step(rehearsal, "subscription")
    assert rehearsal.arrives
    assert subscription["subscriber"]["arguments"] == {"id": "hello"}
    assert subscription["subscriber"]["query"] == ("subscription ($id: ID!) { onPublish(id: $id) { id status } }")


def test_a_required_argument_that_the_result_lacks_never_matches(line: Callable[..., LocalLine]) -> None:
    """The filter compares with a field that is not there."""
    changes = [*ORDER_SCHEMA, ("onPublish: Order", "onPublish(customer: ID!): Order")]
    rehearsal = tried(line(*changes))

    assert not rehearsal.arrives
    assert rehearsal.reasons == [
        (
            "publish: onPublish: subscribers must give 'customer', and the mutation's result has no such field: it never "
            "matches"
        )
    ]


def with_filter(field: str) -> list[Change]:
    """Changes that give the subscription a resolver, whose filter asks for the subscriber's own id in a field."""
    resolver = f"""  Filter:
    Type: AWS::AppSync::Resolver
    DependsOn: Schema
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Subscription
      FieldName: onPublish
      Kind: UNIT
      DataSourceName: !GetAtt None.Name
      Runtime:
        Name: APPSYNC_JS
        RuntimeVersion: 1.0.0
      Code: |
        import {{ util, extensions }} from "@aws-appsync/utils";
        export function request(ctx) {{
          return {{ payload: null }};
        }}
        export function response(ctx) {{
          const filter = {{ {field}: {{ eq: ctx.identity.sub }} }};
          extensions.setSubscriptionFilter(util.transform.toSubscriptionFilter(filter));
          return null;
        }}

  UserPool:
    Type"""
    return [*ORDER_SCHEMA, ("  UserPool:\n    Type", resolver)]


def test_a_filter_for_someone_else_is_no_obstacle(line: Callable[..., LocalLine]) -> None:
    """The order has a customer, and is for whoever that is."""
    rehearsal = tried(line(*with_filter("id")))

    assert rehearsal.arrives
    assert step(rehearsal, "subscription")["received"] is None
    assert "does not match" in step(rehearsal, "subscription")["reason"]


def test_a_filter_on_a_field_that_is_never_there_is_one(line: Callable[..., LocalLine]) -> None:
    """Nobody's subscription can match."""
    rehearsal = tried(line(*with_filter("customer")))

    assert not rehearsal.arrives
    assert "the mutation's result has no 'customer'" in step(rehearsal, "subscription")["reason"]


def test_groups_that_the_schema_names_are_the_default_subscribers(line: Callable[..., LocalLine]) -> None:
    """Who may subscribe as a member of a group is one."""
    rehearsal = tried(
        line(
            (
                "onPublish: String @aws_cognito_user_pools",
                'onPublish: String @aws_cognito_user_pools(cognito_groups: ["staff"])',
            )
        )
    )

    assert rehearsal.arrives
    assert step(rehearsal, "subscription")["subscriber"]["groups"] == ["staff"]


def test_a_recursive_type_is_selected_to_its_end(line: Callable[..., LocalLine]) -> None:
    """A type is not selected inside itself."""
    changes = [(old, new.replace("note: String @aws_iam", "parent: Order")) for old, new in ORDER_SCHEMA]
    changes[3] = (changes[3][0], 'payload: { id: ctx.args.msg, status: "new" }')
    changes[4] = (changes[4][0], "publish(msg: $msg) { id status }\n")
    api = line(*changes).line.apis["Api"]

    found = default_subscriber(api, "onPublish")

    assert found is not None
    assert found.query == "subscription { onPublish { id status } }"


def test_a_stage_serves_many_events(line: Callable[..., LocalLine]) -> None:
    """The subscribers are made once, and events do not disturb each other."""
    local = line()
    stage = Stage(local.line, services())
    events = [local._reader.event(_entry({**EVENT, "detail": {"msg": text}})) for text in ("one", "two")]

    received = [step(stage.rehearse(event, services()), "subscription")["received"] for event in events]

    assert received == [{"data": {"onPublish": "one"}}, {"data": {"onPublish": "two"}}]


FUNCTION = """
  Audit:
    Type: AWS::Lambda::Function
    Properties:
      Code: {ZipFile: x}
      Handler: index.h
      Runtime: python3.13
      Role: !GetAtt Role.Arn
  AuditPermission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Audit
      Principal: events.amazonaws.com
  AuditRule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {source: [SOURCES]}
      Targets: [{Id: Audit, Arn: !GetAtt Audit.Arn}]
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("sample.source", (True, 1, "")),
        ("for.functions", (True, 0, "the dry run runs no functions, and the event goes to 'Audit' only")),
    ],
)
def test_functions_are_not_run(line: Callable[..., LocalLine], source: str, expected: tuple[bool, int, str]) -> None:
    """Beside a mutation a function changes nothing; where only a function gets an event, nothing is proven."""
    function = FUNCTION.replace("SOURCES", "sample.source, for.functions")
    made = line(("\nResources:\n", f"\nResources:\n{function}"))
    rehearsed = tried(made, {**EVENT, "source": source})
    assert (rehearsed.arrives, len(rehearsed.invocations), rehearsed.unproven) == expected


def test_so_many_subscription_fields_are_tried_and_the_rest_is_named(line: Callable[..., LocalLine]) -> None:
    """A schema of 1 MB has 20,000 of them: a document for each would take minutes."""
    link = '@aws_cognito_user_pools @aws_subscribe(mutations: ["publish"])'
    first = f"onPublish: String {link}"
    made = line((first, " ".join([first, *(f"on{number}: String {link}" for number in range(MOST_TRIED + 1))])))
    found = tried(made)
    receptions = found.invocations[0].receptions
    assert found.arrives
    assert (len(receptions), receptions[-2].arrives, receptions[-1].arrives) == (MOST_TRIED + 1, True, False)
    assert receptions[-1].field == f"on{MOST_TRIED - 1}"
    assert receptions[-1].reason == "not tried, as 2 of the mutation's fields: a dry run subscribes to 500"
