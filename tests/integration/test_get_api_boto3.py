"""AppSync's GetGraphqlApi and ListApiKeys, as boto3 asks for it: where an API answers."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from support.running import RunningRuntime


def test_an_api_tells_where_it_is(runtime: RunningRuntime) -> None:
    """By the id in the ARN that CloudFormation lists for it."""
    listed = runtime.client("cloudformation").list_stack_resources(StackName="livebus")["StackResourceSummaries"]
    (arn,) = (each["PhysicalResourceId"] for each in listed if each["ResourceType"] == "AWS::AppSync::GraphQLApi")
    api = runtime.client("appsync").get_graphql_api(apiId=arn.rsplit("/", 1)[-1])["graphqlApi"]
    assert api["uris"] == {"GRAPHQL": runtime.outputs["GraphQLUrl"], "REALTIME": runtime.outputs["RealtimeUrl"]}
    assert (api["arn"], api["authenticationType"]) == (arn, "AWS_IAM")
    assert [each["authenticationType"] for each in api["additionalAuthenticationProviders"]] == [
        "AMAZON_COGNITO_USER_POOLS"
    ]


def test_an_api_that_is_not_there_is_told(runtime: RunningRuntime) -> None:
    with pytest.raises(ClientError) as refused:
        runtime.client("appsync").get_graphql_api(apiId="none")
    assert refused.value.response["Error"] == {"Message": "GraphQL API none not found.", "Code": "NotFoundException"}


def test_an_api_without_keys_has_none(runtime: RunningRuntime) -> None:
    """ListApiKeys, of an API that takes none and of one that is not there."""
    listed = runtime.client("cloudformation").list_stack_resources(StackName="livebus")["StackResourceSummaries"]
    (arn,) = (each["PhysicalResourceId"] for each in listed if each["ResourceType"] == "AWS::AppSync::GraphQLApi")
    assert runtime.client("appsync").list_api_keys(apiId=arn.rsplit("/", 1)[-1])["apiKeys"] == []
    with pytest.raises(ClientError) as refused:
        runtime.client("appsync").list_api_keys(apiId="none")
    assert refused.value.response["Error"]["Code"] == "NotFoundException"
