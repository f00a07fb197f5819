"""
The suite's stack in an account: made with CloudFormation, deleted at the end whatever happened, named where it could not be.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

MAX_INLINE = 51_200  # bytes of a template in the call itself
MAX_UPLOADED = 1_000_000
MAX_RESOURCES = 500
MAX_SECONDS = 900
_KEY = "template.json"


class StackFailed(Exception):
    """The stack was not made, and the message has what CloudFormation said of each resource that failed; or not deleted."""


class Stack:
    """
    A stack, and the bucket for its template where that is too long for the call. ``outputs`` are there inside of the
    ``with`` block. ``session`` is boto3's; ``tell`` gets a line about each step; ``pause`` is the time between two looks.
    """

    def __init__(self, session: Any, body: str, tell: Callable[[str], None], *, pause: float = 5.0) -> None:
        if len(body.encode()) > MAX_UPLOADED:
            raise ValueError(f"The template has {len(body.encode()):,} bytes; CloudFormation takes {MAX_UPLOADED:,}")
        self.name = f"livebus-conformance-{secrets.token_hex(4)}"
        self.bucket: str | None = None
        self.outputs: Mapping[str, str] = {}
        self._body = body
        self._tell = tell
        self._pause = pause
        self._region = session.region_name
        self._cloudformation = session.client("cloudformation")
        self._s3 = session.client("s3")
        self._is_begun = False

    def __enter__(self) -> Self:
        try:
            self._make()
        except BaseException:
            self._unmake()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._unmake() and kind is None:
            raise StackFailed("Not everything was deleted; what is left is named above")

    # --- making -----------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        size = len(self._body.encode())
        if size > MAX_INLINE:
            self._tell(f"uploading the template, {size:,} bytes, into the bucket {self.name}")
            place = (
                {}
                if self._region == "us-east-1"
                else {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
            )
            self._s3.create_bucket(Bucket=self.name, **place)
            self.bucket = self.name
            self._s3.put_object(Bucket=self.bucket, Key=_KEY, Body=self._body.encode())
            given = {"TemplateURL": f"https://{self.bucket}.s3.{self._region}.amazonaws.com/{_KEY}"}
        else:
            given = {"TemplateBody": self._body}
        self._tell(f"creating the stack {self.name}")
        self._is_begun = True
        self._cloudformation.create_stack(
            StackName=self.name,
            Capabilities=["CAPABILITY_IAM"],
            OnFailure="DO_NOTHING",
            Tags=[{"Key": "made-by", "Value": "livebus-conformance"}],
            **given,
        )
        status = self._settled()
        if status != "CREATE_COMPLETE":
            raise StackFailed(f"The stack {self.name} is in {status}:\n{self._reasons()}")
        (described,) = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}

    def _settled(self) -> str:
        """The status that it comes to; empty where it is gone."""
        last = time.monotonic() + MAX_SECONDS
        while True:
            status = self._status()
            if not status.endswith("_IN_PROGRESS"):
                return status
            if time.monotonic() > last:
                raise StackFailed(f"The stack {self.name} is still in {status} after {MAX_SECONDS} s")
            time.sleep(self._pause)

    def _status(self) -> str:
        try:
            (found,) = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return ""
            raise
        return str(found["StackStatus"])

    def _reasons(self) -> str:
        events = self._cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(
            f"  {each['LogicalResourceId']}: {each.get('ResourceStatusReason', '')}"
            for each in reversed(events)
            if each["ResourceStatus"].endswith("_FAILED")
        )

    # --- deleting ---------------------------------------------------------------------------------------------------

    def _unmake(self) -> bool:
        """Delete both; what could not be deleted is named, with what to do about it. Whether anything is left."""
        left: list[str] = []
        if self._is_begun:
            self._tell(f"deleting the stack {self.name}")
            try:
                self._cloudformation.delete_stack(StackName=self.name)
                status = self._settled()
                if status not in ("", "DELETE_COMPLETE"):
                    left.append(f"the stack {self.name} is in {status}: {self._reasons()}")
            except (ClientError, BotoCoreError, StackFailed, KeyboardInterrupt) as error:
                left.append(f"the stack {self.name}: {error or 'interrupted'}")
        if self.bucket is not None:
            try:
                self._s3.delete_object(Bucket=self.bucket, Key=_KEY)
                self._s3.delete_bucket(Bucket=self.bucket)
            except (ClientError, BotoCoreError, KeyboardInterrupt) as error:
                left.append(f"the bucket {self.bucket}: {error or 'interrupted'}")
        for each in left:
            self._tell(f"NOT DELETED, delete by hand in {self._region}: {each}")
        if not left:
            self._tell("deleted: nothing is left in the account")
        return bool(left)
