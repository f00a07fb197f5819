"""
What the page's documents are made from: the parts of the running runtime, each under one name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from livebus.cdk_assembly import CdkApplication
from livebus.operation import Services
from livebus.runtime.cognito.actions import CognitoIdp
from livebus.runtime.eventbridge.event_buses import EventBuses
from livebus.runtime.eventbridge.replays import Replays
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.faults.control import FaultControl
from livebus.runtime.kept.journal import DeliveryJournal
from livebus.runtime.page.history import History
from livebus.runtime.port.aws_endpoint import Service
from livebus.runtime.served_stacks import ServedStacks
from livebus.runtime.table_endpoint import TableEndpoint
from livebus.runtime.tables import Tables
from livebus.template import Environment


@dataclass(slots=True)
class Parts:
    """
    ``events`` answers EventBridge's calls, ``logs`` those of CloudWatch Logs. ``template`` is the file on disk that the runtime
    follows, None without one; of an ``application`` of AWS CDK with several stacks it is the manifest.

    ``started`` is when the page was first asked for.
    """

    environment: Environment
    history: History
    buses: EventBuses
    served: ServedStacks
    journal: DeliveryJournal
    cognito: CognitoIdp
    tables: Tables | TableEndpoint
    logs: Service
    events: Service
    replays: Replays
    faults: FaultControl
    trace: Trace
    clock: Callable[[], float]
    new_id: Callable[[], str]
    random_token: Callable[[], str]
    template: Path | None = None
    application: CdkApplication | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    time_scale: float = 1.0

    @property
    def home(self) -> Path | None:
        """The folder beside which people keep sample events: the template's; of an application of AWS CDK that around cdk.out."""
        if self.application is not None:
            return self.application.outermost / ".."
        return self.template.parent if self.template is not None else None

    @property
    def services(self) -> Services:
        """What resolvers reach in a dry run: the time, ids, and event buses that take everything and carry nothing."""
        return Services(self.clock(), self.new_id, lambda _, entries: _accepted(len(entries)))


def _accepted(count: int) -> Mapping[str, object]:
    return {"FailedEntryCount": 0, "Entries": [{"EventId": "dry-run"}] * count}
