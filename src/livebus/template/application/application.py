"""Data: everything that a template declares on the event's way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from livebus.template.application.api import GraphQLApi, Table
from livebus.template.application.bus import Archive, EventBus, Queue, Role, Rule
from livebus.template.application.functions import Function
from livebus.template.application.users import IdentityPool, UserPool


@dataclass(frozen=True, slots=True)
class Application:
    """
    Everything that the template declares on the event's way, and its Outputs.

    ``exports`` are the values that other stacks may import, by the export's name; ``imports`` the names of those that
    it imports itself. ``outside_buses`` are the names of other stacks' buses that rules of this one are on.
    """

    stack_name: str
    region: str
    account: str
    buses: tuple[EventBus, ...]
    rules: tuple[Rule, ...]
    apis: tuple[GraphQLApi, ...]
    user_pools: tuple[UserPool, ...]
    queues: tuple[Queue, ...]
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    outside_buses: tuple[str, ...] = ()
    exports: Mapping[str, str] = field(default_factory=dict)
    imports: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()
    warnings: Sequence[str] = ()
    archives: tuple[Archive, ...] = ()
    functions: tuple[Function, ...] = ()
    tables: tuple[Table, ...] = ()
    roles: tuple[Role, ...] = ()
    identity_pools: tuple[IdentityPool, ...] = ()
