"""What resources answer to Ref and GetAtt."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livebus.template.environment import Environment
from livebus.template.resource_answers import bus_name
from livebus.template.resources import Resources

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
