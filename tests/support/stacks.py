"""
An application of four stacks, deployed one after the other: a bus with its queue of dead letters, the users, the API, the rule.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from support.application import PROJECT
from support.deploying import Deploying
from support.running import RunningRuntime
from support.sockets import Socket, opened, run

STACK_NAMES = ("Bus", "Users", "Api", "Rules")
BUS = "BusEventsBus5F0A17C3"
ENDPOINT = {"Fn::ImportValue": "Api:Endpoint"}
API_ID = {"Fn::ImportValue": "Api:ApiId"}
_TEMPLATES = PROJECT / "tests" / "foreign" / "assemblies" / "four-stacks"


async def published(socket: Socket) -> Any:
    return (await socket.receive())["payload"]["data"]["onPublish"]


class Stacks(Deploying):
    """The four stacks of the assembly; tests change their templates before they deploy."""

    def __init__(self, runtime: RunningRuntime) -> None:
        super().__init__(runtime)
        self.templates = {name: json.loads((_TEMPLATES / f"{name}.template.json").read_text()) for name in STACK_NAMES}

    def put(self, stack: str) -> str:
        """Deploy one stack, as it is now: its status."""
        number = len(self.cloudformation.list_change_sets(StackName=stack)["Summaries"]) if self.status(stack) else 0
        return self.deploy(stack, name=f"change-{number}", TemplateBody=json.dumps(self.templates[stack]))

    def put_all(self) -> list[str]:
        return [self.put(name) for name in STACK_NAMES]

    def ask_otherwise(self, endpoint: Any, api_id: Any) -> None:
        """Let the rule's stack find the API in another way than by its exports."""
        text = json.dumps(self.templates["Rules"])
        for before, after in ((ENDPOINT, endpoint), (API_ID, api_id)):
            assert json.dumps(before) in text
            text = text.replace(json.dumps(before), json.dumps(after))
        self.templates["Rules"] = json.loads(text)

    @asynccontextmanager
    async def subscribed(self) -> AsyncIterator[Socket]:
        """A user of the one stack's pool who is subscribed to the API of another."""
        token = self.runtime.tokens(client_id=self.outputs("Users")["UserPoolClientId"])["AccessToken"]
        url = self.outputs("Api")["GraphQLUrl"].replace("http:", "ws:")
        async with opened(url, {"Authorization": token, "host": urlsplit(url).netloc}) as socket:
            await socket.init()
            assert (await socket.start("0", "subscription { onPublish }"))["type"] == "start_ack"
            yield socket

    def received(self, message: str) -> Any:
        """What that user gets of an event on the bus of a third stack."""

        async def receiving() -> Any:
            async with self.subscribed() as socket:
                self.runtime.put(message, bus=BUS)
                return await published(socket)

        return run(receiving())

    def letters_in_queue(self) -> int:
        """How many dead letters nobody has received."""
        sqs = self.runtime.client("sqs")
        (url,) = sqs.list_queues()["QueueUrls"]
        name = "ApproximateNumberOfMessages"
        return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])

    def letters(self) -> list[tuple[str, str]]:
        """The error code and the message of each dead letter."""
        sqs = self.runtime.client("sqs")
        (url,) = sqs.list_queues()["QueueUrls"]
        found = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
        attributes = [each["MessageAttributes"] for each in found.get("Messages", ())]
        return [(each["ERROR_CODE"]["StringValue"], each["ERROR_MESSAGE"]["StringValue"]) for each in attributes]

    def delete(self, stack: str) -> str:
        self.cloudformation.delete_stack(StackName=stack)
        return self.settled(stack)
