"""Nested stacks in a deployment: each is a stack of its own, made, changed, gone back from and deleted with its parent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from livebus.aws.clients import ReachFlags
from livebus.aws.session import Session
from support.deploying import BUCKET, Deploying

FOREIGN = Path(__file__).parents[1] / "foreign"
READINGS = Path(__file__).parents[1] / "support" / "readings"
URL = f"https://s3.us-east-1.amazonaws.com/{BUCKET}/"


class Nesting(Deploying):
    """Deploys a template with two nested ones: an API, and a rule that leads to it."""

    def __init__(self, runtime: Any) -> None:
        super().__init__(runtime)
        self.template = (FOREIGN / "nested-at-hand.yaml").read_text(encoding="utf-8")
        names = ("nested/api.yaml", "nested/line.yaml", "nested/resolvers/publish.js")
        self.files = {name: (FOREIGN / name).read_text(encoding="utf-8") for name in names}

    def packaged(self) -> str:
        code = f"s3://{BUCKET}/publish.js"
        self._put("publish.js", self.files["nested/resolvers/publish.js"])
        self._put("api.yaml", self.files["nested/api.yaml"].replace("resolvers/publish.js", code))
        self._put("line.yaml", self.files["nested/line.yaml"])
        return self.template.replace("./nested/", "nested/").replace("nested/", URL)

    def _put(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())

    def nested(self, logical_id: str) -> dict[str, Any]:
        """What is told of the stack that a resource of the outermost one stands for."""
        found = self.cloudformation.describe_stack_resource(StackName="livebus", LogicalResourceId=logical_id)
        return self.described(found["StackResourceDetail"]["PhysicalResourceId"])


@pytest.fixture
def nesting(start_runtime: Any) -> Nesting:
    return Nesting(start_runtime(template=None))


def test_each_nested_stack_is_one_of_its_own(nesting: Nesting) -> None:
    """It names its parent, has its outputs, its resources and its template; the event goes from one into the other."""
    assert nesting.deploy() == "CREATE_COMPLETE"

    api, root = nesting.nested("Api"), nesting.described()
    assert (api["StackStatus"], api["ParentId"], api["RootId"]) == ("CREATE_COMPLETE", root["StackId"], root["StackId"])
    assert api["StackName"].startswith("livebus-Api-")
    assert nesting.outputs()["GraphQLUrl"] == nesting.outputs(api["StackName"])["GraphQLUrl"]
    line = nesting.nested("Line")
    given = {each["ParameterKey"]: each["ParameterValue"] for each in line["Parameters"]}
    assert given["BusName"] == "livebus"
    told = nesting.cloudformation.list_stack_resources(StackName=line["StackName"])["StackResourceSummaries"]
    assert sorted(each["LogicalResourceId"] for each in told) == ["Queue", "QueuePolicy", "Role", "Rule"]
    assert (
        nesting.cloudformation.get_template(StackName=line["StackId"])["TemplateBody"]
        == nesting.files["nested/line.yaml"]
    )
    trace = nesting.runtime.trace()
    (event_id,) = nesting.runtime.put("nested", bus="livebus")
    assert trace.next("transformer", event_id)["variables"] == {"msg": "nested"}


def test_a_serverless_application_is_told_as_the_stack_that_it_becomes(start_runtime: Any) -> None:
    """SAM's transform makes AWS::CloudFormation::Stack of it: what CloudFormation lists has that type."""
    runtime = start_runtime(template=READINGS / "template.yaml")
    cloudformation = runtime.client("cloudformation")
    told = cloudformation.list_stack_resources(StackName="livebus")["StackResourceSummaries"]
    assert {each["LogicalResourceId"]: each["ResourceType"] for each in told}["Api"] == "AWS::CloudFormation::Stack"


def test_commands_find_what_a_nested_stack_has(start_runtime: Any, tmp_path: Path) -> None:
    """API, app client and user pool, of which the outermost stack has none, and no Output tells."""
    runtime = start_runtime(template=READINGS / "template.yaml", state=tmp_path / ".livebus")
    session = Session(ReachFlags((tmp_path,), local=True))
    client_id = session.client_id(session.api())
    assert list(session.apis) == ["GraphQL"]
    assert (session.clients, session.pools) == ({"App": client_id}, {"Pool": session.pool_id(client_id)})
    assert (session.api().graphql_url, session.event_bus) == (f"{runtime.url}/graphql", "livebus")


def test_an_update_changes_what_is_in_a_nested_stack(nesting: Nesting) -> None:
    """Though the resource that stands for it is as it was, as it names the same object."""
    assert nesting.deploy() == "CREATE_COMPLETE"
    nesting.change("Name: publish", "Name: publish-anew", file="nested/line.yaml")
    nesting.change("/publish", "/publish-anew", file="nested/line.yaml")
    nesting.change("  Bus:\n", "  More: {Type: AWS::SNS::Topic}\n  Bus:\n")

    assert nesting.deploy(name="again") == "UPDATE_COMPLETE"
    line = nesting.nested("Line")
    assert line["StackStatus"] == "UPDATE_COMPLETE"
    assert nesting.events(line["StackName"], of="Rule")[-1][0] == "UPDATE_COMPLETE"
    assert nesting.events(nesting.nested("Api")["StackName"], of="Schema")[-1][0] == "CREATE_COMPLETE"


def test_what_fails_inside_fails_the_stack_that_nests_it(nesting: Nesting) -> None:
    """The reason names the nested stack and its resource; everything that was made is deleted."""
    nesting.change('"msg": <msg>', '"msg": <massage>', file="nested/line.yaml")

    assert nesting.deploy() == "ROLLBACK_COMPLETE"
    status, reason = next(each for each in nesting.events(of="Line") if each[0] == "CREATE_FAILED")
    assert status == "CREATE_FAILED"
    assert "was not successfully created: The following resource(s) failed to create: [Rule]. " in reason
    assert nesting.events(of="Api")[-1][0] == "DELETE_COMPLETE"


def test_a_template_that_was_not_uploaded_fails_its_resource(nesting: Nesting) -> None:
    """The change set is made, as on AWS; the resource that names the template fails."""
    assert nesting.deploy(TemplateBody=nesting.template) == "ROLLBACK_COMPLETE"
    (reason,) = [reason for status, reason in nesting.events(of="Api") if status == "CREATE_FAILED"]
    assert "'nested/api.yaml' is a path beside the template: it was not uploaded" in reason


def test_a_nested_stack_goes_with_its_parent(nesting: Nesting) -> None:
    """It cannot be deleted by itself here, and is gone when its parent is deleted."""
    assert nesting.deploy() == "CREATE_COMPLETE"
    name = nesting.nested("Line")["StackName"]
    with pytest.raises(ClientError, match="is nested: the local runtime changes it with its root stack"):
        nesting.cloudformation.delete_stack(StackName=name)

    nesting.cloudformation.delete_stack(StackName="livebus")
    assert nesting.settled() == ""
    assert nesting.status(name) == ""


def test_nested_stacks_outlive_the_runtime(nesting: Nesting, start_runtime: Any) -> None:
    """They are kept with their parent, and their texts with them."""
    assert nesting.deploy() == "CREATE_COMPLETE"
    stack_id = nesting.nested("Line")["StackId"]
    nesting.s3.delete_object(Bucket=BUCKET, Key="line.yaml")
    nesting.runtime.stop()

    again = start_runtime(template=None)
    (found,) = again.client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"]
    assert found["StackStatus"] == "CREATE_COMPLETE"
    trace = again.trace()
    (event_id,) = again.put("kept", bus="livebus")
    assert trace.next("transformer", event_id)["variables"] == {"msg": "kept"}
