"""
What making and deleting resources does beside the line: buckets for artefacts, messages of queues, users of pools,
events of archives, tables with their items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from livebus.errors import LivebusError
from livebus.runtime.cognito.store import UserStore
from livebus.runtime.eventbridge.archives import Archives
from livebus.runtime.kept.journal import DeliveryJournal
from livebus.runtime.s3.objects import S3Objects
from livebus.runtime.served_stacks import ServedStacks
from livebus.runtime.table_endpoint import TableEndpoint
from livebus.runtime.tables import Tables
from livebus.template import Environment
from livebus.template.application import Table

TABLES = frozenset({"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"})
_NOT_EMPTY = "The bucket you tried to delete is not empty (Service: S3, Status Code: 409; Error Code: BucketNotEmpty)"


@dataclass(slots=True)
class Effects:
    """Each call is for one resource, by its type and what it answers to Ref."""

    environment: Environment
    served: ServedStacks
    objects: S3Objects
    journal: DeliveryJournal
    users: UserStore
    archives: Archives
    tables: Tables | TableEndpoint
    clock: Callable[[], float]

    def create(self, kind: str, physical_id: str) -> str:
        """Make what a new resource needs; the reason where that fails."""
        if kind == "AWS::S3::Bucket":
            try:
                self.objects.make_bucket(physical_id, self.clock())
            except LivebusError as error:
                return str(error)
        return self.tables.fault() if kind in TABLES else ""

    def refuses_deletion(self, kind: str, physical_id: str, stack: str) -> str:
        """Why a resource cannot be deleted; nothing where it can."""
        if kind == "AWS::S3::Bucket" and not self.objects.is_empty(physical_id):
            return _NOT_EMPTY
        if kind in TABLES and self.tables.protects(physical_id):
            return (
                "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection"
                " first. (Service: DynamoDb, Status Code: 400)"
            )
        if kind == "AWS::Events::EventBus":
            for name, application in self.served.applications().items():
                if name != stack and any(rule.bus == physical_id for rule in application.rules):
                    return f"Event bus {physical_id} can't be deleted since it has rules. (Service: EventBridge, Status Code: 400)"
        return ""

    def refusals(self, tables: Iterable[Table]) -> dict[str, str]:
        """Why tables cannot be made as a template has them, by logical id."""
        reasons = {table.logical_id: self.tables.refuses(table) for table in tables}
        return {logical_id: reason for logical_id, reason in reasons.items() if reason}

    def delete(self, kind: str, physical_id: str, *, is_rollback: bool = False) -> None:
        """Let go of what a resource held. What a rollback ends was never at work: it has no table of its own."""
        if kind == "AWS::S3::Bucket":
            self.objects.remove_bucket(physical_id)
        elif kind == "AWS::SQS::Queue":
            self.journal.purge(self.environment.arn("sqs", physical_id.rsplit("/", 1)[-1]))
        elif kind == "AWS::Cognito::UserPool":
            self.users.remove(physical_id)
        elif kind == "AWS::Events::Archive":
            self.archives.forget(physical_id, self.environment.arn("events", f"archive/{physical_id}"))
        elif kind in TABLES and not is_rollback:
            self.tables.remove(physical_id)
