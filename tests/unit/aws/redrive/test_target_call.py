"""Letters to their own target: what counts as accepted, what is tried again, what ends the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livebus.aws.redrive.target_call import TargetWay, deployed_targets, template_targets, url_of
from livebus.errors import LivebusError, Unreachable
from livebus.redrive.letter import Letter, read_rule_arn
from livebus.redrive.mutation import described_target
from support.application import change, copied

RULE_ARN = "arn:aws:events:us-east-1:123456789012:rule/livebus/publishMsgFromEB"
TARGET_ARN = "arn:aws:appsync:us-east-1:123456789012:endpoints/graphql-api/abc"
DESCRIBED = {
    "Id": "AppSync",
    "Arn": TARGET_ARN,
    "AppSyncParameters": {"GraphQLOperation": "mutation M($msg: String) { publish(msg: $msg) }"},
    "InputPath": "$.detail",
}
GOOD = (200, b'{"data": {"publish": "hello"}}')
PROJECT = Path(__file__).parents[4]


def letter(body: str = '{"detail": {"msg": "hello"}}', rule: str = RULE_ARN) -> Letter:
    texts = {"RULE_ARN": rule, "TARGET_ARN": TARGET_ARN}
    return Letter(
        "m", body, {name: {"DataType": "String", "StringValue": text} for name, text in texts.items() if text}
    )


class Api:
    """Gives its answers one after the other, the last one again and again; keeps what it was asked."""

    def __init__(self, *answers: tuple[int, bytes] | BaseException) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, Any]] = []
        self.pauses: list[float] = []

    def post(self, url: str, body: bytes) -> tuple[int, bytes]:
        self.asked.append((url, json.loads(body)))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def way(self, **options: Any) -> TargetWay:
        targets = options.pop("targets", lambda rule: [described_target(DESCRIBED)])
        urls = url_of({}, local=False)
        return TargetWay(
            self.post, targets, urls, sleep=self.pauses.append, uniform=lambda least, most: most, **options
        )


def test_the_targets_own_mutation_is_run() -> None:
    """With the letter's variables, at the API's own URL."""
    api = Api(GOOD)
    (outcome,) = api.way().send([letter()])
    assert outcome.accepted
    request = {"query": "mutation M($msg: String) { publish(msg: $msg) }", "variables": {"msg": "hello"}}
    assert api.asked == [("https://abc.appsync-api.us-east-1.amazonaws.com/graphql", request)]


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (
            (200, b'{"data": {"publish": "x"}, "errors": [{"errorType": "Unauthorized", "message": "no"}]}'),
            "GraphQLError",
            "Unauthorized: no",
        ),
        ((200, b'{"data": null}'), "NoData", "AppSync answered without data"),
        ((200, b"not JSON"), "HTTP 200", "HTTP 200"),
        ((400, b'{"errors": [{"message": "bad"}]}'), "HTTP 400", "bad"),
        ((500, b""), "HTTP 500", "HTTP 500"),
    ],
)
def test_anything_but_data_without_errors_has_failed(answer: tuple[int, bytes], code: str, message: str) -> None:
    """GraphQL errors come inside a 200; with data beside them the letter stays all the same."""
    (outcome,) = Api(answer).way().send([letter()])
    assert (outcome.accepted, outcome.error_code, outcome.error_message) == (False, code, message)


def test_throttling_is_tried_again() -> None:
    """With a growing pause, five times at the most."""
    api = Api((429, b""), (503, b""), GOOD)
    (outcome,) = api.way().send([letter()])
    assert (outcome.accepted, api.pauses) == (True, [0.4, 0.8])
    api = Api((429, b""))
    (outcome,) = api.way().send([letter()])
    assert (outcome.error_code, len(api.asked)) == ("HTTP 429", 5)


@pytest.mark.parametrize("status", [401, 403])
def test_an_identity_without_the_right_ends_the_run(status: int) -> None:
    """The next letter would be turned away as well."""
    body = b'{"errors": [{"errorType": "AccessDeniedException", "message": "no"}]}'
    with pytest.raises(Unreachable) as refused:
        list(Api((status, body)).way().send([letter(), letter()]))
    assert "refused the call: AccessDeniedException: no. This identity needs appsync:GraphQL" in str(refused.value)


@pytest.mark.parametrize("error", [Unreachable("no network"), KeyboardInterrupt()])
def test_a_call_without_an_answer_may_have_been_run(error: BaseException) -> None:
    """Its letter is told as that, and stays; then the run ends."""
    outcomes = []
    with pytest.raises((Unreachable, KeyboardInterrupt)):
        outcomes.extend([outcomes.append(each) for each in Api(GOOD, error).way().send([letter(), letter()])])
    assert [(each.accepted, each.error_message) for each in outcomes] == [
        (True, ""),
        (False, "the mutation may have been run"),
    ]


def test_letters_of_several_rules_and_targets() -> None:
    """Each letter gets the mutation of its own rule's own target, whichever came before."""
    others = (TARGET_ARN.replace("abc", "def"), RULE_ARN.replace("publishMsgFromEB", "other"))
    asked: list[str] = []

    def targets(rule: Any) -> list[Any]:
        asked.append(rule.name)
        return [
            described_target(
                {
                    **DESCRIBED,
                    "Id": arn,
                    "Arn": arn,
                    "AppSyncParameters": {"GraphQLOperation": f"mutation {name} {{ a }}"},
                }
            )
            for arn, name in ((TARGET_ARN, f"{rule.name}_abc"), (others[0], f"{rule.name}_def"))
        ]

    def of(rule: str, target: str) -> Letter:
        texts = {"RULE_ARN": rule, "TARGET_ARN": target}
        members = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
        return Letter("m", '{"detail": {}}', members)

    api = Api(GOOD)
    letters = [of(rule, target) for rule in (RULE_ARN, others[1]) for target in (TARGET_ARN, others[0])]
    assert all(each.accepted for each in api.way(targets=targets).send([*letters, *letters]))
    sent = [(url.split(".")[0].rpartition("/")[2], body["query"].split()[1]) for url, body in api.asked]
    assert (
        sent
        == [
            ("abc", "publishMsgFromEB_abc"),
            ("def", "publishMsgFromEB_def"),
            ("abc", "other_abc"),
            ("def", "other_def"),
        ]
        * 2
    )
    assert asked == ["publishMsgFromEB"] * 2 + ["other"] * 2  # for each of its targets


def test_a_letter_without_a_target_stays() -> None:
    """The others go on; what a rule's targets are is asked for once."""
    asked: list[str] = []

    def targets(rule: Any) -> list[Any]:
        asked.append(rule.name)
        return []

    way = Api(GOOD).way(targets=targets)
    outcomes = list(way.send([letter(), letter(), letter(rule="")]))
    assert [each.error_code for each in outcomes] == ["NotSendable"] * 3
    assert "has no target" in outcomes[1].error_message
    assert "no RULE_ARN" in outcomes[2].error_message
    assert asked == ["publishMsgFromEB"]


def test_the_url_comes_from_the_outputs_before_awss_form() -> None:
    """A custom endpoint, or the local runtime's; where nobody knows it the letter stays."""
    outputs = {"GraphQLEndpointArn": TARGET_ARN, "GraphQLUrl": "http://127.0.0.1:1/graphql"}
    assert url_of(outputs, local=True)(TARGET_ARN) == "http://127.0.0.1:1/graphql"
    assert url_of(outputs, local=True, given="u")(TARGET_ARN) == "u"
    assert url_of({}, local=True)(TARGET_ARN) == ""
    assert url_of({}, local=False)(TARGET_ARN).startswith("https://abc.")
    way = TargetWay(Api(GOOD).post, lambda rule: [described_target(DESCRIBED)], url_of({}, local=True))
    (outcome,) = way.send([letter()])
    assert "is not known. Name it with --graphql-url." in outcome.error_message


def test_targets_are_asked_of_eventbridge() -> None:
    class Events:
        def list_targets_by_rule(self, **request: Any) -> dict[str, Any]:
            assert request == {"Rule": "publishMsgFromEB", "EventBusName": "livebus"}
            return {"Targets": [DESCRIBED]}

    rule = read_rule_arn(RULE_ARN)
    assert rule is not None
    (target,) = deployed_targets(Events())(rule)
    assert (target.id, target.input_path) == ("AppSync", "$.detail")


def test_targets_come_from_a_template() -> None:
    """By the rule's name; another account's ARNs do not matter."""
    targets = template_targets(PROJECT / "template.yaml")
    rule = read_rule_arn(RULE_ARN)
    assert rule is not None
    (target,) = targets(rule)
    assert (target.id, target.arn) == ("AppSync", "")
    misspelt = read_rule_arn(RULE_ARN.replace("publishMsg", "publishMgs"))
    assert misspelt is not None
    with pytest.raises(LivebusError, match=r"no rule 'publishMgsFromEB'\. Did you mean 'publishMsgFromEB'\?"):
        targets(misspelt)
    with pytest.raises(LivebusError, match="cannot be read"):
        template_targets(PROJECT / "none.yaml")


def test_a_template_has_the_values_that_its_stack_has(tmp_path: Path) -> None:
    """Here the name of the rule hangs on one that has no Default."""
    template = copied(tmp_path / "app", ("Name: publishMsgFromEB\n", "Name: !Ref EventSource\n"))
    change(template, "    Default: sample.source\n", "")
    rule = read_rule_arn(RULE_ARN)
    assert rule is not None
    (target,) = template_targets(template, {"EventSource": rule.name, "Other": "of no parameter"})(rule)
    assert target.id == "AppSync"
    (target,) = template_targets(template, {"EventSource": "x"}, {"EventSource": rule.name})(rule)
    assert target.id == "AppSync"
    with pytest.raises(LivebusError, match=r"Give it one with --set EventSource=… or add a Default\."):
        template_targets(template)
    with pytest.raises(LivebusError, match="Other"):
        template_targets(template, None, {"EventSource": rule.name, "Other": "of no parameter"})
