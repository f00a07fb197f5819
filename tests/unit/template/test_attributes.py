"""What resources answer to Ref and GetAtt."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from livebus.template.environment import Environment
from livebus.template.resources import Resources
from livebus.template.return_values import bus_name

HOME = "us-east-1:123456789012"
TEMPLATE = """
Resources:
  Bus: {Type: 'AWS::Events::EventBus', Properties: {Name: orders}}
  Rule: {Type: 'AWS::Events::Rule', Properties: {Name: r, EventBusName: !GetAtt Bus.Arn}}
  DefaultRule: {Type: 'AWS::Events::Rule', Properties: {Name: r}}
  Archive: {Type: 'AWS::Events::Archive', Properties: {ArchiveName: a}}
  Role: {Type: 'AWS::IAM::Role', Properties: {RoleName: r, Path: /x/}}
  Policy: {Type: 'AWS::IAM::ManagedPolicy', Properties: {ManagedPolicyName: p}}
  Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: q}}
  Fifo: {Type: 'AWS::SQS::Queue', Properties: {FifoQueue: true}}
  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: t, DisplayName: shown}}
  Bucket: {Type: 'AWS::S3::Bucket'}
  Group: {Type: 'AWS::Cognito::UserPoolGroup', Properties: {GroupName: g}}
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: /l}}
  Alarm: {Type: 'AWS::CloudWatch::Alarm', Properties: {AlarmName: a}}
  Absent: {Type: 'AWS::AppSync::GraphQLApi', Condition: Never}
  Api: {Type: 'AWS::AppSync::GraphQLApi'}
  Second: {Type: 'AWS::AppSync::GraphQLApi'}
  Schema: {Type: 'AWS::AppSync::GraphQLSchema', Properties: {ApiId: abc}}
  Source: {Type: 'AWS::AppSync::DataSource', Properties: {ApiId: abc, Name: none}}
  Resolver: {Type: 'AWS::AppSync::Resolver', Properties: {ApiId: abc, TypeName: Query, FieldName: f}}
  Step: {Type: 'AWS::AppSync::FunctionConfiguration', Properties: {ApiId: abc, Name: s, DataSourceName: none}}
  Function: {Type: 'AWS::ECS::Function'}
Conditions:
  Never: !Equals [a, b]
"""


@pytest.fixture
def made(resources: Callable[..., Resources]) -> Resources:
    return resources(TEMPLATE, Environment(endpoint="https://localhost:1234"))


@pytest.mark.parametrize(
    ("logical_id", "attribute", "expected"),
    [
        ("Bus", "", "orders"),
        ("Bus", "Arn", f"arn:aws:events:{HOME}:event-bus/orders"),
        ("Rule", "", "orders|r"),
        ("Rule", "Arn", f"arn:aws:events:{HOME}:rule/orders/r"),
        ("DefaultRule", "", "r"),
        ("DefaultRule", "Arn", f"arn:aws:events:{HOME}:rule/r"),
        ("Archive", "Arn", f"arn:aws:events:{HOME}:archive/a"),
        ("Role", "", "r"),
        ("Role", "Arn", "arn:aws:iam::123456789012:role/x/r"),
        ("Policy", "", "arn:aws:iam::123456789012:policy/p"),
        ("Queue", "", "https://localhost:1234/123456789012/q"),
        ("Queue", "QueueName", "q"),
        ("Queue", "Arn", f"arn:aws:sqs:{HOME}:q"),
        ("Topic", "", f"arn:aws:sns:{HOME}:t"),
        ("Bucket", "WebsiteURL", f"{Environment().physical_name('Bucket')}.WebsiteURL"),
        ("Topic", "DisplayName", "shown"),
        ("Group", "", "g"),
        ("Logs", "Arn", f"arn:aws:logs:{HOME}:log-group:/l:*"),
        ("Alarm", "", "a"),
        ("Api", "GraphQLUrl", "https://localhost:1234/graphql"),
        ("Api", "RealtimeUrl", "wss://localhost:1234/graphql"),
        ("Schema", "", "abcGraphQLSchema"),
        ("Source", "", f"arn:aws:appsync:{HOME}:apis/abc/datasources/none"),
        ("Source", "Name", "none"),
        ("Resolver", "ResolverArn", f"arn:aws:appsync:{HOME}:apis/abc/types/Query/resolvers/f"),
        ("Step", "DataSourceName", "none"),
    ],
)
def test_answers(made: Resources, logical_id: str, attribute: str, expected: str) -> None:
    """Each resource answers as its page in the template reference says; "" stands for Ref."""
    attributes = made.attributes

    assert (attributes.get(logical_id, attribute) if attribute else attributes.ref(logical_id)) == expected


def test_the_ids_of_an_api_differ(made: Resources) -> None:
    """An API's own ARN is not its endpoint's, and a further API has a path of its own."""
    arn, endpoint = (made.attributes.get("Api", name) for name in ("Arn", "GraphQLEndpointArn"))

    assert arn == f"arn:aws:appsync:{HOME}:apis/{made.attributes.get('Api', 'ApiId')}"
    assert endpoint.startswith(f"arn:aws:appsync:{HOME}:endpoints/graphql-api/")
    assert endpoint.rsplit("/", 1)[1] != arn.rsplit("/", 1)[1]
    assert made.attributes.get("Second", "GraphQLUrl").endswith("/graphql")
    assert made.attributes.get("Second", "GraphQLUrl") != made.attributes.get("Api", "GraphQLUrl")


def test_a_fifo_queue_without_a_name(made: Resources) -> None:
    """The name that is made up for a FIFO queue ends as it has to."""
    assert made.attributes.get("Fifo", "QueueName").endswith(".fifo")


def test_what_does_nothing_here_answers_all_the_same(made: Resources) -> None:
    """An ARN of a resource that is not emulated tells its service."""
    name = Environment().physical_name("Function")

    assert made.attributes.get("Function", "Arn") == f"arn:aws:ecs:{HOME}:function/{name}"
    assert made.attributes.get("Function", "Version") == f"{name}.Version"


def test_unknown_attributes(made: Resources) -> None:
    """A known type has no other attributes than its own."""
    with pytest.raises(KeyError):
        made.attributes.get("Queue", "Url")

    assert sorted(made.attributes.names("Queue")) == ["Arn", "QueueName", "QueueUrl"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, "default"), ("orders", "orders"), (f"arn:aws:events:{HOME}:event-bus/orders", "orders")],
)
def test_bus_names(given: str | None, expected: str) -> None:
    """A bus is named by its name, by its ARN, or not at all."""
    assert bus_name(given) == expected


EVERY_TYPE = """
Resources:
  Api: {Type: 'AWS::AppSync::GraphQLApi'}
  Key: {Type: 'AWS::AppSync::ApiKey', Properties: {ApiId: abc}}
  Source: {Type: 'AWS::AppSync::DataSource', Properties: {ApiId: abc}}
  Step: {Type: 'AWS::AppSync::FunctionConfiguration', Properties: {ApiId: abc, Name: s, DataSourceName: none}}
  Schema: {Type: 'AWS::AppSync::GraphQLSchema', Properties: {ApiId: abc}}
  Resolver: {Type: 'AWS::AppSync::Resolver', Properties: {ApiId: abc, TypeName: Query, FieldName: f}}
  Alarm: {Type: 'AWS::CloudWatch::Alarm'}
  Pools: {Type: 'AWS::Cognito::IdentityPool', Properties: {IdentityPoolName: p}}
  Roles: {Type: 'AWS::Cognito::IdentityPoolRoleAttachment', Properties: {IdentityPoolId: us-east-1:1}}
  Users: {Type: 'AWS::Cognito::UserPool'}
  Client: {Type: 'AWS::Cognito::UserPoolClient'}
  Group: {Type: 'AWS::Cognito::UserPoolGroup'}
  Table: {Type: 'AWS::DynamoDB::Table', Properties: {StreamSpecification: {StreamViewType: KEYS_ONLY}}}
  World: {Type: 'AWS::DynamoDB::GlobalTable', Properties: {TableName: w}}
  Destination: {Type: 'AWS::Events::ApiDestination', Properties: {Name: d}}
  Archive: {Type: 'AWS::Events::Archive'}
  Connection: {Type: 'AWS::Events::Connection', Properties: {Name: c}}
  Bus: {Type: 'AWS::Events::EventBus', Properties: {Name: b}}
  Rule: {Type: 'AWS::Events::Rule', Properties: {EventBusName: b}}
  Policy: {Type: 'AWS::IAM::ManagedPolicy', Properties: {Path: /x/}}
  Role: {Type: 'AWS::IAM::Role'}
  Alias: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: f, Name: live}}
  Function: {Type: 'AWS::Lambda::Function'}
  Layer: {Type: 'AWS::Lambda::LayerVersion'}
  Version: {Type: 'AWS::Lambda::Version', Properties: {FunctionName: 'arn:aws:lambda:eu-west-1:1:function:f'}}
  Logs: {Type: 'AWS::Logs::LogGroup'}
  Bucket: {Type: 'AWS::S3::Bucket'}
  Topic: {Type: 'AWS::SNS::Topic'}
  Queue: {Type: 'AWS::SQS::Queue'}
  Parameter: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: v}}
"""
ENV = Environment(endpoint="https://localhost:1234")


def made_up(logical_id: str, longest: int = 255) -> str:
    return ENV.physical_name(logical_id, longest)


def of_api(rest: str) -> str:
    return f"arn:aws:appsync:{HOME}:apis/abc/{rest}"


def id_of(logical_id: str, length: int = 26) -> str:
    return ENV.derived(logical_id, length)


EVERY_ANSWER: dict[str, dict[str, str]] = {
    "Api": {
        "": f"arn:aws:appsync:{HOME}:apis/{id_of('Api')}",
        "ApiId": id_of("Api"),
        "Arn": f"arn:aws:appsync:{HOME}:apis/{id_of('Api')}",
        "GraphQLEndpointArn": f"arn:aws:appsync:{HOME}:endpoints/graphql-api/{id_of('Api/endpoint')}",
        "GraphQLUrl": "https://localhost:1234/graphql",
        "GraphQLDns": "localhost:1234",
        "RealtimeUrl": "wss://localhost:1234/graphql",
        "RealtimeDns": "localhost:1234",
    },
    "Key": {
        "": f"da2-{id_of('Key')}",
        "ApiKey": f"da2-{id_of('Key')}",
        "ApiKeyId": f"da2-{id_of('Key')}",
        "Arn": of_api(f"apikeys/da2-{id_of('Key')}"),
    },
    "Source": {
        "": of_api(f"datasources/{made_up('Source')}"),
        "DataSourceArn": of_api(f"datasources/{made_up('Source')}"),
        "Name": made_up("Source"),
    },
    "Step": {
        "": of_api(f"functions/{id_of('Step')}"),
        "FunctionArn": of_api(f"functions/{id_of('Step')}"),
        "FunctionId": id_of("Step"),
        "Name": "s",
        "DataSourceName": "none",
    },
    "Schema": {"": "abcGraphQLSchema", "Id": "abcGraphQLSchema"},
    "Resolver": {
        "": of_api("types/Query/resolvers/f"),
        "ResolverArn": of_api("types/Query/resolvers/f"),
        "TypeName": "Query",
        "FieldName": "f",
    },
    "Alarm": {"": made_up("Alarm"), "Arn": f"arn:aws:cloudwatch:{HOME}:alarm:{made_up('Alarm')}"},
    "Pools": {
        "": "us-east-1:bb0e0d5a-5fa4-2a4c-6e8f-a8e1ae4f9a85",
        "Id": "us-east-1:bb0e0d5a-5fa4-2a4c-6e8f-a8e1ae4f9a85",
        "Name": "p",
    },
    "Roles": {"": "us-east-1:1", "Id": "us-east-1:1"},
    "Users": {
        "": f"us-east-1_{id_of('Users', 9)}",
        "UserPoolId": f"us-east-1_{id_of('Users', 9)}",
        "Arn": f"arn:aws:cognito-idp:{HOME}:userpool/us-east-1_{id_of('Users', 9)}",
        "ProviderName": f"cognito-idp.us-east-1.amazonaws.com/us-east-1_{id_of('Users', 9)}",
        "ProviderURL": f"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_{id_of('Users', 9)}",
    },
    "Client": {
        "": id_of("Client"),
        "ClientId": id_of("Client"),
        "ClientSecret": id_of("Client/secret", 51),
    },
    "Group": {"": made_up("Group", 128)},
    "Table": {
        "": made_up("Table"),
        "Arn": f"arn:aws:dynamodb:{HOME}:table/{made_up('Table')}",
        "TableId": "x",
        "StreamArn": f"arn:aws:dynamodb:{HOME}:table/{made_up('Table')}/stream/2020-01-01T00:00:00.000",
    },
    "World": {"": "w", "Arn": f"arn:aws:dynamodb:{HOME}:table/w", "TableId": "x"},
    "Destination": {
        "": "d",
        "Arn": f"arn:aws:events:{HOME}:api-destination/d/x",
        "ArnForPolicy": f"arn:aws:events:{HOME}:api-destination/d",
    },
    "Archive": {"": made_up("Archive", 48), "Arn": f"arn:aws:events:{HOME}:archive/{made_up('Archive', 48)}"},
    "Connection": {
        "": "c",
        "Arn": f"arn:aws:events:{HOME}:connection/c/x",
        "ArnForPolicy": f"arn:aws:events:{HOME}:connection/c",
        "SecretArn": f"arn:aws:secretsmanager:{HOME}:secret:events!connection/c/x-{id_of('Connection', 6)}",
    },
    "Bus": {"": "b", "Name": "b", "Arn": f"arn:aws:events:{HOME}:event-bus/b", "Policy": ""},
    "Rule": {
        "": f"b|{made_up('Rule', 64)}",
        "Arn": f"arn:aws:events:{HOME}:rule/b/{made_up('Rule', 64)}",
        "RuleName": made_up("Rule", 64),
    },
    "Policy": {
        "": f"arn:aws:iam::123456789012:policy/x/{made_up('Policy', 128)}",
        "PolicyArn": f"arn:aws:iam::123456789012:policy/x/{made_up('Policy', 128)}",
    },
    "Role": {
        "": made_up("Role", 64),
        "Arn": f"arn:aws:iam::123456789012:role/{made_up('Role', 64)}",
        "RoleId": f"AROA{id_of('Role', 17).upper()}",
    },
    "Alias": {
        "": f"arn:aws:lambda:{HOME}:function:f:live",
        "AliasArn": f"arn:aws:lambda:{HOME}:function:f:live",
    },
    "Function": {
        "": made_up("Function", 64),
        "Arn": f"arn:aws:lambda:{HOME}:function:{made_up('Function', 64)}",
    },
    "Layer": {
        "": f"arn:aws:lambda:{HOME}:layer:{made_up('Layer', 64)}:1",
        "LayerVersionArn": f"arn:aws:lambda:{HOME}:layer:{made_up('Layer', 64)}:1",
    },
    "Version": {
        "": "arn:aws:lambda:eu-west-1:1:function:f:1",
        "FunctionArn": "arn:aws:lambda:eu-west-1:1:function:f:1",
        "Version": "1",
    },
    "Logs": {"": made_up("Logs"), "Arn": f"arn:aws:logs:{HOME}:log-group:{made_up('Logs')}:*"},
    "Bucket": {
        "": made_up("Bucket", 63).lower(),
        "Arn": f"arn:aws:s3:::{made_up('Bucket', 63).lower()}",
        "DomainName": f"{made_up('Bucket', 63).lower()}.s3.amazonaws.com",
        "RegionalDomainName": f"{made_up('Bucket', 63).lower()}.s3.us-east-1.amazonaws.com",
    },
    "Topic": {
        "": f"arn:aws:sns:{HOME}:{made_up('Topic')}",
        "TopicArn": f"arn:aws:sns:{HOME}:{made_up('Topic')}",
        "TopicName": made_up("Topic"),
    },
    "Queue": {
        "": f"https://localhost:1234/123456789012/{made_up('Queue', 80)}",
        "QueueUrl": f"https://localhost:1234/123456789012/{made_up('Queue', 80)}",
        "QueueName": made_up("Queue", 80),
        "Arn": f"arn:aws:sqs:{HOME}:{made_up('Queue', 80)}",
    },
    "Parameter": {"": made_up("Parameter"), "Type": "String", "Value": "v"},
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.mark.parametrize("logical_id", EVERY_ANSWER)
def test_every_answer_of_a_type(resources: Callable[..., Resources], logical_id: str) -> None:
    """Ref (under "") and all attributes, of the form that AWS has them in; a UUID is x, and there is no more."""
    attributes = resources(EVERY_TYPE, ENV).attributes
    got = {name: attributes.get(logical_id, name) for name in attributes.names(logical_id)}
    got[""] = attributes.ref(logical_id)
    expected = EVERY_ANSWER[logical_id]
    assert {name: UUID.sub("x", value) for name, value in got.items()} == {
        name: UUID.sub("x", value) for name, value in expected.items()
    }


def test_uuids_are_those_of_their_resources(resources: Callable[..., Resources]) -> None:
    """The same at every start, and another for each."""
    twice = [resources(EVERY_TYPE, ENV).attributes for _ in range(2)]
    uuids = [
        [
            UUID.search(each.get(of, name))
            for of, name in (("Destination", "Arn"), ("Connection", "Arn"), ("Pools", "Id"))
        ]
        for each in twice
    ]
    first, second = ([found and found.group() for found in each] for each in uuids)
    assert first == second
    assert len(set(first)) == 3
    secret = twice[0].get("Connection", "SecretArn")
    assert f"connection/c/{first[1]}-" in secret


NAMES = """
Resources:
  {id}: {{Type: '{type}'}}
"""


@pytest.mark.parametrize(
    ("kind", "longest"),
    [
        ("AWS::Cognito::UserPoolGroup", 128),
        ("AWS::DynamoDB::GlobalTable", 255),
        ("AWS::DynamoDB::Table", 255),
        ("AWS::Events::ApiDestination", 64),
        ("AWS::Events::Archive", 48),
        ("AWS::Events::Connection", 64),
        ("AWS::IAM::Role", 64),
        ("AWS::Lambda::Function", 64),
        ("AWS::SNS::Topic", 255),
        ("AWS::S3::Bucket", 63),
        ("AWS::Cognito::IdentityPool", 128),
    ],
)
def test_names_that_are_made_up_have_their_length(resources: Callable[..., Resources], kind: str, longest: int) -> None:
    """The longest that the service takes."""
    logical_id = "A" * 255
    attributes = resources(NAMES.format(id=logical_id, type=kind), ENV).attributes
    name = attributes.get(logical_id, "Name") if kind.endswith("IdentityPool") else attributes.ref(logical_id)
    assert len(name.rpartition(":")[2]) == longest


def test_a_fifo_queues_name_has_its_length(resources: Callable[..., Resources]) -> None:
    """80 characters with the suffix that it has to have; one that has it already keeps it."""
    logical_id = "A" * 255
    text = NAMES.format(id=logical_id, type="AWS::SQS::Queue").replace("'}", "', Properties: {FifoQueue: 'true'}}")
    name = resources(text, ENV).attributes.get(logical_id, "QueueName")
    assert (len(name), name[:75], name[75:]) == (80, ENV.physical_name(logical_id, 80)[:75], ".fifo")
    given = "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {FifoQueue: true, QueueName: q.fifo}}}"
    assert resources(given, ENV).attributes.get("Q", "QueueName") == "q.fifo"


INERT = """
Resources:
  Machine: {Type: 'AWS::StepFunctions::StateMachine', Properties: {StateMachineName: m}}
  Named: {Type: 'AWS::Kinesis::Stream', Properties: {Name: n}}
  Custom: {Type: 'Custom::Thing', Properties: {Color: red}}
  Nested: {Type: 'AWS::CloudFormation::Stack'}
  Table: {Type: 'AWS::DynamoDB::Table'}
"""


@pytest.mark.parametrize(
    ("logical_id", "attribute", "expected"),
    [
        ("Machine", "", f"arn:aws:states:{HOME}:stateMachine:m"),
        ("Machine", "Arn", f"arn:aws:states:{HOME}:stateMachine:m"),
        ("Machine", "Name", f"{made_up('Machine')}.Name"),
        ("Named", "", "n"),
        ("Named", "Arn", f"arn:aws:kinesis:{HOME}:stream/n"),
        ("Custom", "", made_up("Custom")),
        ("Custom", "Color", "red"),
        ("Custom", "SomeArn", f"{made_up('Custom')}.SomeArn"),
        ("Nested", "Outputs.X", f"{made_up('Nested')}.Outputs.X"),
    ],
)
def test_what_is_not_emulated_answers_in_its_form(
    resources: Callable[..., Resources], logical_id: str, attribute: str, expected: str
) -> None:
    """By what its type is known to answer with; its own properties first."""
    attributes = resources(INERT, ENV).attributes
    assert (attributes.get(logical_id, attribute) if attribute else attributes.ref(logical_id)) == expected


def test_what_is_nearly_an_attribute_is_none(resources: Callable[..., Resources]) -> None:
    """Of a type that is known: misspelt. A table without a stream has no ARN of it."""
    attributes = resources(INERT, ENV).attributes
    for logical_id, attribute in (("Machine", "StateMachineRevisonId"), ("Table", "StreamArn"), ("Table", "Arns")):
        with pytest.raises(KeyError):
            attributes.get(logical_id, attribute)
    assert "Arn" in attributes.names("Machine")
    assert list(attributes.names("Custom")) == []


def test_paths_of_apis(resources: Callable[..., Resources]) -> None:
    """The first API of the first stack has AWS's own path, all others their id before it."""
    first = resources(TEMPLATE, ENV).attributes
    other = resources(TEMPLATE, Environment(is_primary=False)).attributes
    assert first.api_path("Api") == "/graphql"
    assert first.api_path("Second") == f"/{ENV.derived('Second', 26)}/graphql"
    assert other.api_path("Api") == f"/{ENV.derived('Api', 26)}/graphql"
    assert other.get("Api", "RealtimeUrl") == f"ws://127.0.0.1:4566/{ENV.derived('Api', 26)}/graphql"


def test_whether_a_property_is_there(made: Resources) -> None:
    """And as text: empty where it is none."""
    attributes = made.attributes
    assert (attributes.has("Bus", "Name"), attributes.has("Bus", "Policy")) == (True, False)
    assert (attributes.text_of("Fifo", "FifoQueue"), attributes.text_of("Bus", "Policy")) == ("true", "")
