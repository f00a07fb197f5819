"""The line in a test: what other projects' tests see of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from livebus.caller import API_KEY
from livebus.errors import InvalidEvent, InvalidTemplate, LivebusError
from livebus.testing import LocalLine, SubscriptionRefused
from support.application import PROJECT

SOUND = PROJECT / "tests" / "vectors" / "checks" / "sound.yaml"
HELLO = {"source": "sample.source", "detail-type": "message", "detail": {"msg": "hello"}}


@pytest.fixture
def line() -> LocalLine:
    return LocalLine.from_template(SOUND)


def changed(tmp_path: Path, *changes: tuple[str, str]) -> LocalLine:
    text = SOUND.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "template.yaml").write_text(text, encoding="utf-8")
    return LocalLine.from_template(tmp_path / "template.yaml")


def test_an_event_reaches_the_subscribers(line: LocalLine) -> None:
    """Variables, result, and the payload that each of them gets."""
    one, two = line.subscribe("subscription { onPublish }"), line.subscribe("subscription { said: onPublish }")

    outcome = line.publish(HELLO)

    assert (outcome.matched, outcome.variables, outcome.result) == (["publish"], {"msg": "hello"}, {"publish": "hello"})
    assert (outcome.errors, outcome.failure, outcome.dropped) == ([], "", [])
    assert one.messages == [{"data": {"onPublish": "hello"}}]
    assert two.messages == [{"data": {"said": "hello"}}]


def test_an_event_that_no_rule_matches_says_why(line: LocalLine) -> None:
    """And asking for its variables is a mistake of the test that is told."""
    outcome = line.publish({**HELLO, "source": "other"})

    assert (outcome.matched, outcome.attempts) == ([], ())
    assert "other" in outcome.why
    with pytest.raises(AssertionError, match="there are 0 attempts: publish: "):
        _ = outcome.variables


def test_an_entry_can_be_published_as_well(line: LocalLine) -> None:
    """In PutEvents' form; what PutEvents refuses is not carried."""
    assert line.publish({"Source": "sample.source", "DetailType": "x", "Detail": {"msg": "m"}}).result == {
        "publish": "m"
    }
    with pytest.raises(InvalidEvent):
        line.publish({"Source": "aws.x", "DetailType": "x", "Detail": {}})


def test_a_message_that_is_too_large_is_dropped(line: LocalLine) -> None:
    """The mutation has its result."""
    subscriber = line.subscribe("subscription { onPublish }")
    outcome = line.publish({**HELLO, "detail": {"msg": "x" * 250_000}})

    assert (subscriber.messages, len(outcome.dropped)) == ([], 1)


def test_a_subscription_may_be_refused(tmp_path: Path) -> None:
    """By groups, as AppSync answers."""
    line = changed(
        tmp_path,
        (
            "onPublish: String @aws_cognito_user_pools",
            'onPublish: String @aws_cognito_user_pools(cognito_groups: ["staff"])',
        ),
    )
    staff = line.subscribe("subscription { onPublish }", groups=["staff"])
    with pytest.raises(SubscriptionRefused) as raised:
        line.subscribe("subscription { onPublish }", groups=["guests"])

    line.publish(HELLO)
    assert raised.value.errors[0]["message"] == "Not Authorized to access onPublish on type Subscription"
    assert staff.messages == [{"data": {"onPublish": "hello"}}]


def test_claims_are_what_resolvers_see(tmp_path: Path) -> None:
    """And the time and ids are the same in each run."""
    payload = "`${util.time.nowISO8601()} ${util.autoId()} ${ctx.args.msg}`"
    line = changed(
        tmp_path,
        (
            "        export function request",
            '        import { util } from "@aws-appsync/utils";\n        export function request',
        ),
        ("payload: ctx.args.msg", f"payload: {payload}"),
    )

    assert line.publish(HELLO).result == {
        "publish": "2026-01-01T00:00:00.000Z 33333333-3333-4333-8333-000000000001 hello"
    }
    assert line.caller(claims={"sub": "me", "email": "a@b"}).identity["claims"]["email"] == "a@b"


def test_a_resolver_can_be_written_in_mapping_templates(tmp_path: Path) -> None:
    """With the same time and ids in each run."""
    text = SOUND.read_text(encoding="utf-8")
    code = text[text.index("      Runtime:") : text.index("  UserPool:")]
    payload = '"$util.time.nowISO8601() $util.autoId() $ctx.args.msg"'
    request = f'      RequestMappingTemplate: \'{{"version": "2018-05-29", "payload": {payload}}}\'\n'
    line = changed(tmp_path, (code, f"{request}      ResponseMappingTemplate: $util.toJson($ctx.result)\n\n"))

    assert line.publish(HELLO).result == {
        "publish": "2026-01-01T00:00:00.000Z 33333333-3333-4333-8333-000000000001 hello"
    }


def test_an_app_s_own_requests_can_be_made(line: LocalLine) -> None:
    """A user may not call what only IAM may."""
    answer = line.execute('mutation { publish(msg: "x") }')

    assert answer.errors[0]["message"] == "Not Authorized to access publish on type Mutation"


def test_a_mode_that_the_api_does_not_take_is_told(line: LocalLine) -> None:
    """As a mistake of the test."""
    with pytest.raises(AssertionError, match="the API takes AWS_IAM, AMAZON_COGNITO_USER_POOLS, not API_KEY"):
        line.subscribe("subscription { onPublish }", mode=API_KEY)


def test_a_template_with_faults_does_not_load(tmp_path: Path) -> None:
    """All of them are told."""
    with pytest.raises(InvalidTemplate, match="Nothing"):
        changed(tmp_path, ("QueryDepthLimit: 20", "QueryDepthLimit: !Ref Nothing"))


def test_the_plugin_serves_other_projects(tmp_path: Path) -> None:
    """With `-p livebus.testing`, or by itself where Livebus is installed."""
    (tmp_path / "test_it.py").write_text(
        "def test_it(livebus_line):\n"
        f"    line = livebus_line({str(SOUND)!r})\n"
        "    app = line.subscribe('subscription { onPublish }')\n"
        f"    line.publish({HELLO!r})\n"
        "    assert app.messages == [{'data': {'onPublish': 'hello'}}]\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "livebus.testing", "-W", "error"]
    done = subprocess.run(
        [*command, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT / "src"), "PATH": ""},
    )

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_stacks_of_an_application_are_one_line() -> None:
    """A folder of `cdk synth`: the rule of one stack takes events from the bus of another to the API of a third."""
    line = LocalLine.from_template(PROJECT / "tests" / "foreign" / "assemblies" / "four-stacks")
    user = line.subscribe("subscription { onPublish }")

    outcome = line.publish({"source": "sample.source", "detail-type": "message", "detail": {"msg": "through"}})

    assert outcome.variables == {"msg": "through"}
    assert user.messages == [{"data": {"onPublish": "through"}}]


def test_of_several_applications_one_has_to_be_named() -> None:
    """Stages are apart: each is named, and its folder is taken."""
    stages = PROJECT / "tests" / "foreign" / "assemblies" / "two-stages"
    with pytest.raises(LivebusError, match=r"two-stages' has 2 applications\. Name the folder of one: .*assembly-"):
        LocalLine.from_template(stages)
    folder = next(each for each in sorted(stages.iterdir()) if each.name.startswith("assembly-"))
    assert LocalLine.from_template(folder).line.application.rules


def test_a_damaged_folder_of_an_application_is_told(tmp_path: Path) -> None:
    """With the line of the manifest."""
    (tmp_path / "cdk.out").write_text('{"version": "36.0.0"}')
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InvalidTemplate, match=r"manifest\.json:1:2: not JSON.*Run `cdk synth` again\."):
        LocalLine.from_template(tmp_path)
