"""scripts/demo.py as a program: one event on its whole way."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from support.application import change, copied
from support.issuer import issuing
from support.processes import Program
from support.waiting import until

Verb = Callable[..., Program]

STATIONS = ["runtime", "sign-in", "subscribe", "publish", "bus", "pattern", "transformer", "execution", "subscription"]


def test_every_station_and_the_message_are_shown(verb: Verb) -> None:
    """The output names each station in the event's order, the message as the client got it, and the time it took."""
    program = verb("demo.py")
    assert program.wait() == 0, program.stderr
    lines = program.stdout.splitlines()
    assert [line.split()[0] for line in lines[: len(STATIONS)]] == STATIONS
    assert 'received       {"onPublishMsgFromEb": "Hello from EventBridge"}' in lines
    assert re.fullmatch(r"The event arrived \d+\.\d ms after put_events was called\.", lines[-1])
    assert program.stderr == ""


def test_another_event_can_be_shown(verb: Verb, project: Path) -> None:
    """Any event file can be taken on the way; what it holds is shown on one line."""
    program = verb("demo.py", project / "events" / "text-line-breaks.json")
    assert program.wait() == 0
    (line,) = [line for line in program.stdout.splitlines() if line.startswith("received")]
    assert "\\n" in line


def test_a_table_a_filter_a_nested_api_and_srp_alone(verb: Verb, project: Path) -> None:
    """What a mutation writes is tried in memory first, so that it is known with which arguments the message is heard."""
    folder = project / "tests" / "support" / "readings"
    program = verb("demo.py", "--template", folder / "template.yaml")
    assert program.wait() == 0, program.stderr
    lines = program.stdout.splitlines()
    assert [line.split()[0] for line in lines[: len(STATIONS) + 1]] == [*STATIONS[:-2], "call", *STATIONS[-2:]]
    assert lines[1] == "sign-in        subscriber, with USER_SRP_AUTH"
    assert 'received       {"stored": {"meter": "m-1", "value": 20.5}}' in lines


def test_an_api_key_subscribes_where_there_are_no_users(verb: Verb, project: Path, tmp_path: Path) -> None:
    """The commonest way in; an API whose only other way in is none that the demo has says which field that is."""
    for name in ("template.yaml", "api.yaml"):
        shutil.copy(project / "tests" / "support" / "readings" / name, tmp_path)
    api, event = tmp_path / "api.yaml", project / "tests" / "support" / "readings" / "events" / "one.json"
    change(
        api, "      UserPoolConfig: {UserPoolId: !Ref Pool, AwsRegion: !Ref AWS::Region, DefaultAction: ALLOW}\n", ""
    )
    change(api, "AuthenticationType: AMAZON_COGNITO_USER_POOLS", "AuthenticationType: API_KEY")
    change(api, "@aws_cognito_user_pools", "@aws_api_key")
    without = verb("demo.py", "--template", tmp_path / "template.yaml", event)
    assert without.wait() == 1
    assert "none of these is for one: stored." in without.stderr

    change(
        api,
        "Resources:\n",
        "Resources:\n  Key: {Type: AWS::AppSync::ApiKey, Properties: {ApiId: !GetAtt GraphQL.ApiId}}\n",
    )
    program = verb("demo.py", "--template", tmp_path / "template.yaml", event)
    assert program.wait() == 0, program.stderr
    lines = program.stdout.splitlines()
    assert lines[1] == "sign-in        nobody: the API takes its key"
    assert 'received       {"stored": {"meter": "m-1", "value": 20.5}}' in lines


AUTHORIZER = """
  Authorizer:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt TableRole.Arn
      Code:
        ZipFile: |
          def handler(event, context):
              return {"isAuthorized": event["authorizationToken"] == "sesame-7f3a"}
"""


def for_tokens(project: Path, folder: Path, mode: str, config: str, directive: str) -> tuple[Path, Path, Path]:
    """The application of readings, whose subscribers come in by a token only: its template, the event, a file for the token."""
    for name in ("template.yaml", "api.yaml"):
        shutil.copy(project / "tests" / "support" / "readings" / name, folder)
    api = folder / "api.yaml"
    change(
        api,
        "      UserPoolConfig: {UserPoolId: !Ref Pool, AwsRegion: !Ref AWS::Region, DefaultAction: ALLOW}\n",
        config,
    )
    change(api, "AuthenticationType: AMAZON_COGNITO_USER_POOLS", f"AuthenticationType: {mode}")
    change(api, "@aws_cognito_user_pools", directive)
    event = project / "tests" / "support" / "readings" / "events" / "one.json"
    return folder / "template.yaml", event, folder / "token.txt"


def test_a_token_that_the_lambda_authorizer_lets_in(verb: Verb, project: Path, tmp_path: Path) -> None:
    """Without one the demo says which authorizer asks for it; the function runs, and its word counts."""
    config = "      LambdaAuthorizerConfig: {AuthorizerUri: !GetAtt Authorizer.Arn}\n"
    template, event, token = for_tokens(project, tmp_path, "AWS_LAMBDA", config, "@aws_lambda")
    change(tmp_path / "api.yaml", "  Schema:\n", f"{AUTHORIZER.lstrip(chr(10))}  Schema:\n")
    without = verb("demo.py", "--template", template, event)
    assert without.wait() == 1
    assert "none of these is for one: stored." in without.stderr
    assert "--token-file FILE` subscribes with a token: one that the authorizer" in without.stderr
    assert "Authorizer lets in." in without.stderr

    token.write_text("shut\n", encoding="utf-8")
    refused = verb("demo.py", "--template", template, "--token-file", token, event)
    assert refused.wait() == 1
    assert "UnauthorizedException: You are not authorized to make this call." in refused.stderr

    token.write_text("sesame-7f3a\n", encoding="utf-8")
    program = verb("demo.py", "--template", template, "--token-file", token, event)
    assert program.wait() == 0, program.stderr
    assert program.stdout.splitlines()[1] == f"sign-in        nobody: {token} has the token for AWS_LAMBDA"
    assert 'received       {"stored": {"meter": "m-1", "value": 20.5}}' in program.stdout
    assert "sesame-7f3a" not in program.stdout + program.stderr


def test_a_token_of_an_openid_connect_provider(verb: Verb, project: Path, tmp_path: Path) -> None:
    """The runtime has its keys before the demo subscribes."""
    with issuing() as issuer:
        config = f"      OpenIDConnectConfig: {{Issuer: '{issuer.url}'}}\n"
        template, event, token = for_tokens(project, tmp_path, "OPENID_CONNECT", config, "@aws_oidc")
        without = verb("demo.py", "--template", template, event)
        assert without.wait() == 1
        assert f"--token-file FILE` subscribes with a token: one of {issuer.url}." in without.stderr

        token.write_text(issuer.token(), encoding="utf-8")
        program = verb("demo.py", "--template", template, "--token-file", token, event)
        assert program.wait() == 0, program.stderr
    assert 'received       {"stored": {"meter": "m-1", "value": 20.5}}' in program.stdout


def test_a_token_that_nobody_takes_is_wrong_usage(verb: Verb, tmp_path: Path) -> None:
    """Users of a user pool sign in; a file without a token is told before anything runs."""
    token = tmp_path / "token.txt"
    token.write_text("two words", encoding="utf-8")
    broken = verb("demo.py", "--token-file", token)
    assert broken.wait() == 2
    assert "it holds more than one word" in broken.stderr
    token.write_text("one", encoding="utf-8")
    program = verb("demo.py", "--token-file", token)
    assert program.wait() == 2
    assert program.stderr == (
        "error: --token-file: nobody subscribes with such a token here: onPublishMsgFromEb. Leave it out.\n"
    )


def test_an_application_that_does_not_deliver_fails(verb: Verb, tmp_path: Path) -> None:
    """Faults of the template end the demo with exit code 1 and their lines."""
    template = copied(tmp_path / "app")
    change(template, "!Ref EventSource", "!Ref EventSauce")
    program = verb("demo.py", "--template", template)
    assert program.wait() == 1
    assert "Traceback" not in program.stderr
    assert program.stderr.startswith("error: ")


def test_a_file_that_is_no_event_is_wrong_usage(verb: Verb, tmp_path: Path) -> None:
    """A file that is missing or holds no event ends the demo with exit code 2."""
    program = verb("demo.py", tmp_path / "none.json")
    assert program.wait() == 2
    assert "no such file" in program.stderr


def test_ended_from_outside_it_leaves_nothing_behind(verb: Verb, tmp_path: Path) -> None:
    """SIGTERM and SIGINT in the middle: no traceback, and its folder is gone."""
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        folder = tmp_path / str(number)
        folder.mkdir()
        program = verb("demo.py", env={**os.environ, "TMPDIR": str(folder)})
        until(lambda folder=folder: list(folder.glob("livebus-demo-*/.livebus/runtime.json")), "the runtime's file", 60)  # type: ignore[misc]
        program.signal(number)
        assert program.wait() == code
        assert "Traceback" not in program.stderr
        assert list(folder.iterdir()) == []


def test_parameters_have_their_values(verb: Verb, tmp_path: Path) -> None:
    """Those that a template needs are given as `livebus local` takes them."""
    template = copied(tmp_path / "app", ("    Default: sample.source\n", ""))
    program = verb("demo.py", "--template", template, "--set", "EventSource=sample.source")
    assert program.wait() == 0, program.stderr
