"""
Deployments with boto3, as the SAM CLI makes them: artefacts into a bucket, a change set, its execution.
"""

from __future__ import annotations

import hashlib
from typing import Any

from support.application import PROJECT
from support.running import RunningRuntime
from support.waiting import until

BUCKET = "artefacts"
CAPABILITIES = ["CAPABILITY_IAM"]
ARTEFACTS = ("schema.graphql", "resolvers/publishMsgFromEB.js")


class Deploying:
    """
    Deploys to a runtime. ``template`` is the text of the project's own, ``files`` the texts of what it names; tests change
    them before they deploy.
    """

    def __init__(self, runtime: RunningRuntime) -> None:
        self.runtime = runtime
        self.cloudformation: Any = runtime.client("cloudformation")
        self.s3: Any = runtime.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        self.template = (PROJECT / "template.yaml").read_text(encoding="utf-8")
        self.files = {name: (PROJECT / name).read_text(encoding="utf-8") for name in ARTEFACTS}

    def change(self, old: str, new: str, file: str = "") -> None:
        """Replace a text in the template, or in a file; it has to be there."""
        text = self.files[file] if file else self.template
        assert old in text, old
        if file:
            self.files[file] = text.replace(old, new)
        else:
            self.template = text.replace(old, new)

    def packaged(self) -> str:
        """The template with the files uploaded, under their digests, and named by where they lie."""
        text = self.template
        for name, content in self.files.items():
            key = hashlib.sha256(content.encode()).hexdigest()
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=content.encode())
            text = text.replace(f"./{name}", f"s3://{BUCKET}/{key}")
        return text

    def propose(self, stack: str = "livebus", name: str = "proposal", **options: Any) -> dict[str, Any]:
        """Make a change set, and what DescribeChangeSet tells of it."""
        body = options.pop("TemplateBody", None) or self.packaged()
        given = {"TemplateBody": body, "Capabilities": CAPABILITIES, **options}
        kind = given.pop("ChangeSetType", "UPDATE" if self.status(stack) else "CREATE")
        self.cloudformation.create_change_set(StackName=stack, ChangeSetName=name, ChangeSetType=kind, **given)
        described: dict[str, Any] = self.cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)
        return described

    def deploy(self, stack: str = "livebus", **options: Any) -> str:
        """Make a change set, execute it, wait for the end: the stack's status."""
        disable_rollback = options.pop("DisableRollback", False)
        made = self.propose(stack, **options)
        assert made["Status"] == "CREATE_COMPLETE", made["StatusReason"]
        self.cloudformation.execute_change_set(
            StackName=stack, ChangeSetName=made["ChangeSetName"], DisableRollback=disable_rollback
        )
        return self.settled(stack)

    def settled(self, stack: str = "livebus") -> str:
        """The status that a deployment ends with; empty where the stack is gone."""
        until(lambda: not self.status(stack).endswith("_IN_PROGRESS"), f"the end of a deployment of {stack}")
        return self.status(stack)

    def status(self, stack: str = "livebus") -> str:
        found = [
            each["StackStatus"]
            for each in self.cloudformation.describe_stacks()["Stacks"]
            if each["StackName"] == stack
        ]
        return found[0] if found else ""

    def described(self, stack: str = "livebus") -> dict[str, Any]:
        (found,) = self.cloudformation.describe_stacks(StackName=stack)["Stacks"]
        return dict(found)

    def outputs(self, stack: str = "livebus") -> dict[str, str]:
        return {each["OutputKey"]: each["OutputValue"] for each in self.described(stack).get("Outputs", ())}

    def events(self, stack: str = "livebus", *, of: str | None = None) -> list[tuple[str, str]]:
        """Status and reason of each event, the oldest first; of one resource by its logical id."""
        told = self.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        return [
            (each["ResourceStatus"], each.get("ResourceStatusReason", ""))
            for each in reversed(told)
            if of in (None, each["LogicalResourceId"])
        ]
