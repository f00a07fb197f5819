"""
The template whose rules events are held against, with --check and --wait: the folder's, one that is named, or what the local runtime runs.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.aws.session import Session
from livebus.cli import flags
from livebus.cli.folder import Folder, beside
from livebus.errors import InvalidEvent
from livebus.event.stream import StreamedEntry
from livebus.stack.samconfig import DEFAULT_ENVIRONMENT

if TYPE_CHECKING:
    from livebus.aws.local_stack import Values
    from livebus.cdk_assembly import Source
    from livebus.checks.inspection import Inspection
    from livebus.rehearsal.preflight import Preflight


class TemplateRules:
    """The rules of the template that is meant; it is read when it is asked for, once."""

    def __init__(self, arguments: Namespace, session: Session, project: Path | None) -> None:
        self._arguments = arguments
        self._session = session
        self._project = project

    def check(self, entries: Iterable[StreamedEntry]) -> None:
        """Raise InvalidEvent for events that no rule of the template matches: EventBridge would drop them in silence."""
        rules = self.preflight()
        for entry in entries:
            rules.look(entry)
        faults = rules.findings()
        if faults:
            raise InvalidEvent(faults=faults)

    def preflight(self) -> Preflight:
        """The rules of the template. Raises LivebusError where it cannot be read."""
        from datetime import UTC, datetime

        from livebus.rehearsal.preflight import Preflight

        elsewhere = self._session.runtime is None
        return Preflight(self.inspection, now=datetime.now(UTC), bus=self._arguments.bus, elsewhere=elsewhere)

    @cached_property
    def inspection(self) -> Inspection:
        """The template, read once for --check and --wait."""
        from livebus.validate.project import Project

        arguments, runtime = self._arguments, self._session.runtime
        name, region = arguments.stack_name or "", arguments.region or ""
        runs: Source | None = None
        values: Values = {}
        if runtime is not None:
            from livebus.aws.local_stack import running_source, running_stack, running_values

            region = runtime.region
            if running := running_stack(self._session):
                values = running_values(self._session)
                name = running if running in values else ""
                is_named = arguments.template is not None or arguments.built
                runs = None if is_named else running_source(runtime, runtime.template_of(running))
        source = runs or flags.source(arguments, Folder(self._project) if self._project is not None else None)
        project = Project.of(
            source,
            samconfig=beside(source).samconfig,
            config_env=arguments.config_env or DEFAULT_ENVIRONMENT,
        )
        project.values = values
        return project.inspect(environment=project.environment(stack_name=name, region=region))
