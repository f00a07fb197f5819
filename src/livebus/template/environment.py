"""
Where a template is deployed to when it runs locally, and the names and ids that AWS would make up there.

They are derived from the account, the region, the stack and the resource, so that each start gives the same ones.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

# On AWS a name that CloudFormation makes up ends in 12 or 13 capital letters and digits.
SUFFIX_LENGTH = 12
_LONGEST_STACK_NAME = 128


@dataclass(frozen=True, slots=True)
class Environment:
    """
    Where a template is deployed to: the stack, its region and account, and the local endpoint (``http://host:port``).

    Of the other stacks there: ``exports`` are what they export, by name, None where they are not known; ``outputs`` their Outputs,
    by the stack's name; ``buses`` their event buses, name and ARN; ``elsewhere`` the ARNs of their queues and roles, and the ids of
    their user pools. ``is_primary``: whether the template's first API has the path /graphql to itself.
    ``assumes_parameters``: parameters without a value have a placeholder, as nothing is deployed. ``assumes_exports``: what no
    other stack there exports may be exported where the template is deployed.

    ``overrides`` are values for parameters, as samconfig.toml's ``parameter_overrides`` has them: what the template does not
    declare is passed over, as SAM CLI does it. ``mapped_endpoints`` are the URLs that are called in place of others.
    """

    stack_name: str = "livebus"
    region: str = "us-east-1"
    account: str = "123456789012"
    partition: str = "aws"
    endpoint: str = "http://127.0.0.1:4566"
    given_stack_id: str = ""
    exports: Mapping[str, str] | None = None
    outputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    buses: Mapping[str, str] | None = None
    elsewhere: Collection[str] = ()
    is_primary: bool = True
    overrides: Mapping[str, str] = field(default_factory=dict)
    assumes_parameters: bool = False
    assumes_exports: bool = False
    mapped_endpoints: Mapping[str, str] = field(default_factory=dict)

    @property
    def stack_id(self) -> str:
        """The stack's ARN: that of a deployment, or one derived from its name."""
        derived = f"stack/{self.stack_name}/{self.derived('StackId', 32)}"
        return self.given_stack_id or self.arn("cloudformation", derived)

    @property
    def knows_others(self) -> bool:
        """Whether the stacks are known that run beside this one: what none of them has is not there."""
        return self.buses is not None

    @property
    def pseudo_parameters(self) -> dict[str, Any]:
        return {
            "AWS::AccountId": self.account,
            "AWS::NotificationARNs": [],
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": "amazonaws.com",
        }

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        region = self.region if regional else ""
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"

    def derived(self, logical_id: str, length: int) -> str:
        """Lower-case letters and digits that stand for a resource of this stack, in place of AWS's random ones."""
        digest = hashlib.sha256(f"{self.account}/{self.region}/{self.stack_name}/{logical_id}".encode()).digest()
        return base64.b32encode(digest).decode().lower()[:length]

    def endpoint_id(self, logical_id: str) -> str:
        """The last part of the ARN of an API's endpoint: on AWS the label of its URL's host, not the ApiId; here too they differ."""
        return self.derived(f"{logical_id}/endpoint", 26)

    def physical_name(self, logical_id: str, longest: int = 255) -> str:
        """
        The name that CloudFormation would make up for a resource, in at most ``longest`` characters.

        AWS does not document how a name is cut; seen on AWS: what the suffix and its hyphens leave is halved between
        the stack's name and the logical id, the odd character goes to the stack. What one of them does not need, we
        give to the other.
        """
        suffix = self.derived(logical_id, SUFFIX_LENGTH).upper()
        stack, room = self.stack_name, longest - SUFFIX_LENGTH - 2
        if len(stack) + len(logical_id) > room:
            half = room // 2
            of_stack = max(room - half, room - len(logical_id))
            stack = stack[:of_stack]
            logical_id = logical_id[: room - len(stack)]
        return f"{stack}-{logical_id}-{suffix}"

    def nested(self, logical_id: str, *, is_primary: bool = False) -> Environment:
        """What a nested stack finds around it: its own name, and nothing of what a user gives to the outermost one."""
        name = self.physical_name(logical_id, _LONGEST_STACK_NAME)
        return replace(
            self, stack_name=name, given_stack_id="", is_primary=is_primary, overrides={}, assumes_parameters=True
        )
