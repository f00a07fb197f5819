"""The application as `sam deploy` gets it, its samples, and the settings beside it: read as files, without AWS."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfn_flip
import graphql
import pytest
import quickjs
import yaml

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events"
ACTIONS_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

# What AppSync adds to every schema, as far as schema.graphql uses it.
APPSYNC_PRELUDE = """
directive @aws_iam on OBJECT | FIELD_DEFINITION
directive @aws_cognito_user_pools(cognito_groups: [String!]) on OBJECT | FIELD_DEFINITION
directive @aws_subscribe(mutations: [String!]!) on FIELD_DEFINITION
"""

OUTPUTS = {
    "EventBusName",
    "EventBusArn",
    "RuleArn",
    "GraphQLApiId",
    "GraphQLUrl",
    "RealtimeUrl",
    "GraphQLEndpointArn",
    "UserPoolId",
    "UserPoolClientId",
    "DeadLetterQueueUrl",
}

EVENTS_PER_FILE = {
    "sample.json": 1,
    "form-array.json": 12,
    "form-entry.json": 1,
    "form-entry-detail-as-text.json": 1,
    "form-lines.ndjson": 3,
    "form-put-events-request.json": 3,
    "size-200-kb.json": 1,
    "text-emoji.json": 1,
    "text-line-breaks.json": 1,
    "text-quotes-and-backslashes.json": 1,
    "text-right-to-left.json": 1,
    "undelivered/msg-is-a-number.json": 1,
    "undelivered/other-source.json": 1,
    "undelivered/size-250-kb.json": 1,
    "undelivered/without-msg.json": 1,
}


@pytest.fixture(scope="module")
def template_text() -> str:
    return (ROOT / "template.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def template(template_text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(cfn_flip.to_json(template_text))
    return loaded


@pytest.fixture(scope="module")
def schema() -> graphql.GraphQLSchema:
    return graphql.build_schema(APPSYNC_PRELUDE + (ROOT / "schema.graphql").read_text(encoding="utf-8"))


def properties(template: dict[str, Any], logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][logical_id]["Properties"]
    return found


def target(template: dict[str, Any]) -> dict[str, Any]:
    (only,) = properties(template, "PublishRule")["Targets"]
    assert isinstance(only, dict)
    return only


def values_of(node: Any, key: str) -> Iterator[Any]:
    """Every value that stands under ``key``, at any depth."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from values_of(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from values_of(value, key)


def normal(event: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Source, detail-type and detail of an event in either form."""
    if "Source" in event:
        detail = event["Detail"]
        return event["Source"], event["DetailType"], json.loads(detail) if isinstance(detail, str) else detail
    return event["source"], event["detail-type"], event["detail"]


def events_in(path: Path) -> list[tuple[str, str, dict[str, Any]]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ndjson":
        return [normal(json.loads(line)) for line in text.splitlines()]
    document = json.loads(text)
    if isinstance(document, dict) and "Entries" in document:
        document = document["Entries"]
    return [normal(event) for event in (document if isinstance(document, list) else [document])]


# ---- template.yaml ----


def test_the_template_survives_the_way_to_json_and_back(template_text: str) -> None:
    """Tools that take JSON get the same template: YAML to JSON to YAML to JSON loses nothing."""
    as_json = cfn_flip.to_json(template_text)

    assert json.loads(as_json) == json.loads(cfn_flip.to_json(cfn_flip.to_yaml(as_json)))


def test_the_template_uses_no_yaml_aliases(template_text: str) -> None:
    """CloudFormation's own YAML reader and SAM's do not all take aliases, so there are none."""
    aliases = [event for event in yaml.parse(template_text) if isinstance(event, yaml.AliasEvent)]

    assert aliases == []


def test_the_outputs_are_what_scripts_and_apps_ask_for(template: dict[str, Any]) -> None:
    """The Outputs are exactly the ten names that the scripts read."""
    assert set(template["Outputs"]) == OUTPUTS


def test_every_parameter_has_a_default(template: dict[str, Any]) -> None:
    """A deployment asks nothing: Enter answers every prompt of `sam deploy --guided`."""
    without = [name for name, parameter in template["Parameters"].items() if "Default" not in parameter]

    assert without == []


def test_there_is_no_lambda(template: dict[str, Any]) -> None:
    """No resource is a function, nor one of SAM's types that would become one."""
    types = {resource["Type"] for resource in template["Resources"].values()}

    assert [kind for kind in types if "Lambda" in kind or "Serverless" in kind] == []


def test_no_name_is_global_to_the_account(template: dict[str, Any]) -> None:
    """Two stacks of this template fit into one account: a name holds the stack's, or is scoped by a resource."""
    scoped = {"PublishRule": "its bus", "NoneDataSource": "its API", "ApiLogGroup": "its API's id"}
    names = {
        logical_id: resource["Properties"].get(key)
        for logical_id, resource in template["Resources"].items()
        for key in ("Name", "RoleName", "QueueName", "ArchiveName", "AlarmName", "UserPoolName", "ClientName")
        if key in resource["Properties"] and logical_id not in scoped
    }

    assert names == {
        "EventBus": {"Ref": "AWS::StackName"},
        "GraphQLApi": {"Ref": "AWS::StackName"},
        "UserPool": {"Ref": "AWS::StackName"},
        "ApiLogPolicy": {"Ref": "ApiLogRole"},
    }


def test_every_file_that_the_template_names_is_there(template: dict[str, Any]) -> None:
    """Only `sam deploy` would notice a missing schema or resolver file."""
    files = [*values_of(template, "DefinitionS3Location"), *values_of(template, "CodeS3Location")]

    assert [file for file in files if (ROOT / file).is_file()] == [
        "./schema.graphql",
        "./resolvers/publishMsgFromEB.js",
    ]


def test_stateful_resources_say_what_deleting_and_replacing_do(template: dict[str, Any]) -> None:
    """Users outlive the stack, undelivered events outlive a replaced queue, and nothing else stays behind."""
    policies = {
        logical_id: (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
        for logical_id, resource in template["Resources"].items()
        if "DeletionPolicy" in resource or "UpdateReplacePolicy" in resource
    }

    assert policies == {
        "DeadLetterQueue": ("Delete", "Retain"),
        "ApiLogGroup": ("Delete", "Delete"),
        "UserPool": ("RetainExceptOnCreate", "Retain"),
        "Archive": ("Delete", "Delete"),
    }


# ---- the rule, its role, its queue ----


def test_the_rule_asks_for_the_source_and_a_string_message(template: dict[str, Any]) -> None:
    """The pattern names the source and demands a string in detail.msg; any detail-type will do."""
    assert properties(template, "PublishRule")["EventPattern"] == {
        "source": [{"Ref": "EventSource"}],
        "detail": {"msg": [{"prefix": ""}]},
    }
    assert template["Parameters"]["EventSource"]["Default"] == "sample.source"


def test_the_operation_is_valid_against_the_schema(template: dict[str, Any], schema: graphql.GraphQLSchema) -> None:
    """The target's document holds one named mutation, and GraphQL's rules find nothing wrong with it."""
    document = graphql.parse(target(template)["AppSyncParameters"]["GraphQLOperation"])
    (operation,) = document.definitions

    assert graphql.validate(schema, document) == []
    assert isinstance(operation, graphql.OperationDefinitionNode)
    assert operation.operation == graphql.OperationType.MUTATION
    assert operation.name is not None


def test_the_transformer_fills_the_operations_variables(template: dict[str, Any]) -> None:
    """Each variable is a key of the input template, its placeholder unquoted and its path given."""
    transformer = target(template)["InputTransformer"]
    (operation,) = graphql.parse(target(template)["AppSyncParameters"]["GraphQLOperation"]).definitions
    assert isinstance(operation, graphql.OperationDefinitionNode)

    assert transformer == {"InputPathsMap": {"msg": "$.detail.msg"}, "InputTemplate": '{"msg": <msg>}'}
    assert [definition.variable.name.value for definition in operation.variable_definitions or ()] == ["msg"]


def test_the_target_is_the_endpoint_arn(template: dict[str, Any]) -> None:
    """EventBridge reaches an API by its GraphQL endpoint's ARN, not by the API's."""
    assert target(template)["Arn"] == {"Fn::GetAtt": ["GraphQLApi", "GraphQLEndpointArn"]}


def test_the_role_may_run_one_mutation_for_one_rule(template: dict[str, Any]) -> None:
    """The target's role allows one action on one field, to EventBridge on behalf of this rule only."""
    role = properties(template, "TargetRole")
    (policy,) = role["Policies"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    rule = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${EventBus}/publishMsgFromEB"

    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "appsync:GraphQL",
            "Resource": {"Fn::Sub": "${GraphQLApi.Arn}/types/Mutation/fields/publishMsgFromEB"},
        }
    ]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnEquals": {"aws:SourceArn": {"Fn::Sub": rule}},
    }


def test_the_rules_name_is_the_same_wherever_it_stands(template: dict[str, Any]) -> None:
    """The role's trust and the alarms name the rule as the rule names itself."""
    name = properties(template, "PublishRule")["Name"]
    (trust,) = properties(template, "TargetRole")["AssumeRolePolicyDocument"]["Statement"]
    in_alarms = [
        dimension["Value"]
        for dimensions in values_of(template, "Dimensions")
        for dimension in dimensions
        if dimension["Name"] == "RuleName"
    ]

    assert trust["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"].endswith(f"/{name}")
    assert in_alarms == [name, name]


def test_only_this_rule_may_write_to_the_dead_letter_queue(template: dict[str, Any]) -> None:
    """Without this policy EventBridge cannot write there; with more, others could."""
    policy = properties(template, "DeadLetterQueuePolicy")
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert policy["Queues"] == [{"Ref": "DeadLetterQueue"}]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]},
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["PublishRule", "Arn"]}}},
    }


def test_no_permission_is_for_everything(template: dict[str, Any]) -> None:
    """No statement names a bare wildcard as its action, resource or principal."""
    granted = [value for key in ("Action", "Resource", "Principal") for value in values_of(template, key)]

    assert granted != []
    assert [value for value in granted if "*" in json.dumps(value)] == []


# ---- the API ----


def test_eventbridge_publishes_and_users_subscribe(template: dict[str, Any], schema: graphql.GraphQLSchema) -> None:
    """IAM is the API's default mode and runs the mutation; Cognito is beside it and may do all but that."""
    api = properties(template, "GraphQLApi")
    (additional,) = api["AdditionalAuthenticationProviders"]
    directives = {
        f"{kind.name}.{name}": {directive.name.value for directive in field.ast_node.directives}
        for kind in (schema.query_type, schema.mutation_type, schema.subscription_type)
        if kind is not None
        for name, field in kind.fields.items()
        if field.ast_node is not None
    }

    assert api["AuthenticationType"] == "AWS_IAM"
    assert additional["AuthenticationType"] == "AMAZON_COGNITO_USER_POOLS"
    assert additional["UserPoolConfig"]["AppIdClientRegex"] == {"Fn::Sub": "^${UserPoolClient}$"}
    assert directives == {
        "Query.placeholder": {"aws_cognito_user_pools"},
        "Mutation.publishMsgFromEB": {"aws_iam"},
        "Subscription.onPublishMsgFromEb": {"aws_cognito_user_pools", "aws_subscribe"},
    }


def test_the_subscription_follows_the_mutation(schema: graphql.GraphQLSchema) -> None:
    """The subscription names the mutation, is nullable, and has the mutation's type."""
    assert schema.mutation_type is not None
    assert schema.subscription_type is not None
    mutation = schema.mutation_type.fields["publishMsgFromEB"]
    subscription = schema.subscription_type.fields["onPublishMsgFromEb"]
    definition = schema.get_directive("aws_subscribe")
    assert definition is not None
    assert subscription.ast_node is not None

    assert graphql.get_directive_values(definition, subscription.ast_node) == {"mutations": ["publishMsgFromEB"]}
    assert str(mutation.type) == "String!"
    assert str(subscription.type) == "String"


def test_the_resolver_hands_the_message_back() -> None:
    """What request() gives as payload comes back from response(), as AppSync does it for a NONE data source."""
    code = (ROOT / "resolvers" / "publishMsgFromEB.js").read_text(encoding="utf-8")
    engine = quickjs.Context()
    engine.eval(code.replace("export function", "function"))
    engine.set("args", engine.parse_json(json.dumps({"args": {"msg": 'a "quoted" 🚌'}})))

    answer = engine.eval("response({result: request(args).payload})")

    assert code.count("export function") == 2
    assert answer == 'a "quoted" 🚌'


def test_clients_need_no_secret(template: dict[str, Any]) -> None:
    """Browsers and scripts sign in with a user's name and password alone, by SRP or plainly."""
    client = properties(template, "UserPoolClient")

    assert client["GenerateSecret"] is False
    assert sorted(client["ExplicitAuthFlows"]) == [
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
    ]


def test_alarms_go_to_the_topic_that_was_given(template: dict[str, Any]) -> None:
    """Every alarm speaks to AlarmTopicArn, if there is one."""
    topic = {"Fn::If": ["AlarmTopicGiven", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    alarms = {
        properties(template, logical_id)["MetricName"]: properties(template, logical_id)["AlarmActions"]
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }

    assert alarms == {
        "ApproximateNumberOfMessagesVisible": topic,
        "FailedInvocations": topic,
        "InvocationsFailedToBeSentToDlq": topic,
        "MutationErrors": topic,
        "5XXError": topic,
        "4XXError": topic,
        "PublishDataMessageServerError": topic,
        "ConnectServerError": topic,
    }


def test_every_template_is_linted() -> None:
    """`make check` hands cfn-lint and checkov all templates that there are to deploy."""
    (listed,) = re.findall(r"^TEMPLATES := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    there = [ROOT / "template.yaml", *(ROOT / "examples").glob("*/*.yaml")]

    assert sorted(listed.split()) == sorted(path.relative_to(ROOT).as_posix() for path in there)


def test_what_linters_find_is_declined_with_a_reason(template: dict[str, Any]) -> None:
    """On the one resource that it is about: nothing is left out for the whole template."""
    skipped = {
        logical_id: [(skip["id"], bool(skip["comment"])) for skip in resource["Metadata"]["checkov"]["skip"]]
        for logical_id, resource in template["Resources"].items()
        if "Metadata" in resource
    }

    assert skipped == {
        "DeadLetterQueue": [("CKV_AWS_27", True)],
        "GraphQLApi": [("CKV2_AWS_33", True)],
        "ApiLogGroup": [("CKV_AWS_158", True)],
    }
    assert "Metadata" not in template


# ---- events/ ----


def test_every_sample_is_an_event_in_one_of_the_accepted_forms() -> None:
    """Each file holds as many events as told here; each has a source, a detail-type and an object for its detail."""
    files = sorted(path for path in EVENTS.rglob("*") if path.suffix in {".json", ".ndjson"})
    counts = {path.relative_to(EVENTS).as_posix(): len(events_in(path)) for path in files}
    parts = [event for path in files for event in events_in(path)]

    assert counts == EVENTS_PER_FILE
    assert all(source and detail_type and isinstance(detail, dict) for source, detail_type, detail in parts)


def test_the_table_of_samples_is_complete() -> None:
    """events/README.md says of every file what happens to it."""
    rows = re.findall(r"^\| `([^`]+)` \|", (EVENTS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(rows) == sorted(EVENTS_PER_FILE)


@pytest.mark.parametrize("file", sorted(EVENTS_PER_FILE))
def test_samples_match_the_rule_where_the_table_says_so(file: str) -> None:
    """Source and a string in detail.msg: all files but three of those in undelivered/ have both."""
    events = events_in(EVENTS / file)
    matches = [source == "sample.source" and isinstance(detail.get("msg"), str) for source, _, detail in events]

    assert all(matches) == (not file.startswith("undelivered/") or file == "undelivered/size-250-kb.json")


@pytest.mark.parametrize(
    ("file", "size"), [("size-200-kb.json", 200_000), ("undelivered/size-250-kb.json", 250_000)], ids=["200", "250"]
)
def test_the_large_samples_are_made_by_the_recorded_command(file: str, size: int) -> None:
    """The command in events/README.md makes the file as it is, with a message of that many bytes in UTF-8."""
    readme = (EVENTS / "README.md").read_text(encoding="utf-8")
    command = re.search(r"python -c '(.*?)' 200000", readme, re.DOTALL)
    assert command is not None
    ((_, _, detail),) = events_in(EVENTS / file)

    made = subprocess.run([sys.executable, "-c", command[1], str(size)], check=True, capture_output=True).stdout

    assert len(detail["msg"].encode()) == size
    assert made == (EVENTS / file).read_bytes()


# ---- the settings beside them ----


def test_samconfig_deploys_without_questions() -> None:
    """`sam deploy` finds its stack and region, and asks nothing, for AWS and for the local runtime."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))

    assert config["default"]["validate"]["parameters"] == {"lint": True}
    assert "profile" not in config["default"]["global"]["parameters"]
    assert config["local"]["global"]["parameters"] == {
        **config["default"]["global"]["parameters"],
        "profile": "local",
    }
    assert config["local"]["deploy"] == config["default"]["deploy"]
    assert config["default"]["deploy"]["parameters"]["confirm_changeset"] is False
    assert config["default"]["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM"


def test_workflows_run_with_few_rights_and_pinned_actions() -> None:
    """Each job has a time limit and rights of its own, and each action is pinned by commit."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    uses = re.findall(r"uses: (.+)", text)

    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        name: {"contents": "read"} for name in workflow["jobs"]
    }
    assert [name for name, job in workflow["jobs"].items() if "timeout-minutes" not in job] == []
    assert uses != []
    assert [action for action in uses if ACTIONS_PINNED.fullmatch(action) is None] == []
