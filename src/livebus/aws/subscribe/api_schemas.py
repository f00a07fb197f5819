"""
Which API a verb is to talk to, and its schema: a file, the template's, or what the API tells of itself.

In: a session, and what a person named. Out: an :class:`~livebus.stack.api_address.ApiAddress`, and graphql-core's schema once one
is needed. Reading a template takes a moment: that is spent where something depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.aws.local_stack import running_source, running_values
from livebus.aws.session import Session
from livebus.errors import LivebusError
from livebus.files import content
from livebus.stack.api_address import names_of

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from livebus.aws.subscribe.template_apis import TemplateApi
    from livebus.cdk_assembly import Source

SCHEMA_FILE = "schema.graphql"


class ApiSchemas:
    """
    One API of a stack. ``wanted`` names it as :func:`~livebus.stack.api_address.find_api` takes it; ``nearest`` is the
    template of the folder, which counts after that of the stack in the local runtime; ``template`` and ``schema`` are files that
    someone gave.
    """

    def __init__(
        self,
        session: Session,
        wanted: str = "",
        *,
        nearest: Source | None = None,
        template: Source | None = None,
        schema: Path | None = None,
    ) -> None:
        """Raises LivebusError where there is no such API, or there are several."""
        self._schema_file = schema
        self._is_template_given = template is not None
        self._session = session
        runs = self._runs(wanted) if template is None else None
        # A stack that was deployed into the local runtime has its own template there.
        self._is_deployed = template is None and runs is None and session.runtime is not None and "://" not in wanted
        self._template = None if self._is_deployed else template or runs or nearest
        # Of a template that happens to lie here it is not sure that it is the stack's.
        self._is_sure = template is not None or runs is not None or self._is_deployed
        self._wanted = wanted
        self._read: Sequence[TemplateApi] | None = None
        self._introspected: GraphQLSchema | None = None
        self._outputs: Mapping[str, str] = {} if "://" in wanted else session.outputs
        is_logical_id = bool(wanted) and wanted not in self._outputs and "://" not in wanted
        ids = {each.logical_id: each.outputs for each in self._apis()} if is_logical_id else {}
        self.api = session.api(wanted, ids)

    @property
    def is_given(self) -> bool:
        """Whether someone said which schema it is."""
        return self._schema_file is not None or self._is_template_given

    def seems_to_have(self, field: str) -> bool:
        """Whether nothing speaks against this subscription field: it stands beside the template, or there is none."""
        if self._wanted or self.is_given or self._is_deployed:
            return False
        if self._template is None:
            return True
        if isinstance(self._template, Path):
            with suppress(OSError, UnicodeDecodeError):
                return field in content(self._template.parent / SCHEMA_FILE).decode()
        return not self._of_the_template()

    def find(self, field: str | None, token: Callable[[], str]) -> GraphQLSchema:
        """
        The schema that has this subscription field (None: any). Raises LivebusError where nobody tells it.

        ``token`` is asked for where the API itself has to tell.
        """
        from livebus.aws.subscribe.template_apis import read_schema_file
        from livebus.subscribe.document import subscription_fields

        if self._schema_file is not None:
            return read_schema_file(self._schema_file)
        for schema in self._of_the_template():
            if field is None or field in subscription_fields(schema) or self._is_sure:
                return schema
        if self._introspected is None:
            from livebus.aws.subscribe.introspection import introspect

            self._introspected = introspect(self.api, token())
        return self._introspected

    def _of_the_template(self) -> list[GraphQLSchema]:
        """The schema that the template has for the API: none where it has no such API."""
        apis = self._apis()
        names = set(names_of(self._outputs, self.api))
        meant = [each for each in apis if each.logical_id == self._wanted or not names.isdisjoint(each.outputs)]
        try:
            return [each.schema() for each in meant[:1] or (apis if len(apis) == 1 else ())]
        except LivebusError:
            if self._is_template_given:
                raise
            return []

    def _runs(self, wanted: str) -> Source | None:
        """The file that the local runtime runs as the stack that is meant."""
        runtime = self._session.runtime
        if runtime is None:
            return None
        if "://" in wanted:
            path = Path(runtime.template) if runtime.template else None
        else:
            path = runtime.template_of(self._session.stack_name)
        return running_source(runtime, path)

    def _values(self) -> Mapping[str, Mapping[str, str]]:
        """Those of the parameters of the stack that is meant, in the local runtime; none where another API is, or on AWS."""
        return running_values(self._session) if self._session.runtime is not None and "://" not in self._wanted else {}

    def _apis(self) -> Sequence[TemplateApi]:
        if self._template is None and not self._is_deployed:
            return ()
        if self._read is None:
            from livebus.aws.subscribe.template_apis import read_deployed_apis, read_template_apis

            session = self._session
            try:
                if self._template is not None:
                    self._read = read_template_apis(self._template, self._values())
                else:
                    values = self._values().get(session.stack_name)
                    self._read = read_deployed_apis(session.deployed_template(), session.owner, session.stored, values)
            except LivebusError:
                if self._is_template_given:
                    raise
                self._read = ()
        return self._read
