"""
Reads template.yaml, with the files it names, into an Application.

In: the template's text, a reader for files, an environment, values for parameters. Out: an Application, or every fault
found on the way in one InvalidTemplate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from livebus.errors import Fault, InvalidTemplate, LivebusError, Place, bounded_suggestions, did_you_mean, told
from livebus.template.application import Application
from livebus.template.appsync import read_apis
from livebus.template.archives import read_archives
from livebus.template.assembly import StackTemplate, outputs_of_all, read_together
from livebus.template.attributes import is_known_type
from livebus.template.cognito import read_user_pools
from livebus.template.connections import read_api_destinations
from livebus.template.document import Document, read_document
from livebus.template.environment import Environment
from livebus.template.events import read_buses, read_rules
from livebus.template.functions import read_functions
from livebus.template.identity_pools import read_identity_pools
from livebus.template.language_extensions import extended
from livebus.template.members import MEMBERS, check_members
from livebus.template.nesting import NESTED, Nesting, OpenedTemplate, OpenTemplate, is_location
from livebus.template.properties import shown
from livebus.template.quotas import beyond_once_expanded
from livebus.template.resolvers import ReadFile
from livebus.template.resource_types import known_types
from livebus.template.resources import Resources
from livebus.template.roles import read_queues, read_roles
from livebus.template.serverless import expanded
from livebus.template.tables import read_tables

# On the event's way, sound on AWS, and without a counterpart here: loading such a template would promise too much.
NOT_EMULATED = {
    "AWS::AppSync::Api": "AppSync Events APIs cannot be the target of a rule.",
    "AWS::AppSync::ChannelNamespace": "AppSync Events APIs cannot be the target of a rule.",
    "AWS::AppSync::SourceApiAssociation": "Write the schema into one API.",
    "AWS::EventsV2::EventBus": "A V2 bus cannot target AppSync; use AWS::Events::EventBus.",
    "AWS::EventsV2::Subscriber": "A V2 bus cannot target AppSync; use AWS::Events::Rule.",
    **dict.fromkeys(NESTED, "Run the nested template by itself."),
}

# Not on the event's way: they are part of a deployment, and nothing here waits for them.
INERT = frozenset(
    {
        "AWS::CloudWatch::Alarm",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::RolePolicy",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Topic",
        "AWS::SQS::QueuePolicy",
    }
)


def load_application(
    text: str,
    *,
    file: str,
    read_file: ReadFile,
    environment: Environment,
    parameters: Mapping[str, str] | None = None,
) -> Application:
    """
    Load a template.

    ``read_file`` gives the text of a file by the name that the template has for it. Raises InvalidTemplate with all
    faults: of the YAML, of references, of properties that are missing or of another type. What is not emulated is a warning of
    the application, and fails when it is called.
    """
    reading = read_application(read_document(text, file), read_file, environment, parameters or {})
    if reading.refusals:
        raise InvalidTemplate(faults=reading.refusals)
    return reading.application


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What could be made of a template: the application as far as it goes, the resources it is from, and every fault.
    """

    application: Application
    resources: Resources
    faults: tuple[Fault, ...]

    @property
    def refusals(self) -> tuple[Fault, ...]:
        """The faults for which AWS refuses the template; the others tell of what is merely not emulated."""
        return tuple(fault for fault in self.faults if not fault.not_emulated)


def read_application(
    document: Document,
    read_file: ReadFile,
    environment: Environment,
    parameters: Mapping[str, str],
    open_template: OpenTemplate | None = None,
) -> Reading:
    """
    Read a template as far as it can be read: a fault in one resource hides nothing of the others.

    ``open_template`` opens nested templates, where that is more than to read a file. Raises InvalidTemplate only where
    nothing can be read at all.
    """
    try:
        with bounded_suggestions():
            return _read(document, read_file, environment, parameters, open_template)
    except RecursionError:
        # Depth is bounded wherever we know of it; what is left is Python's own bound, met in a way of the template's.
        raise InvalidTemplate("the template's functions are nested too deeply", Place(document.file)) from None


def _read(
    document: Document,
    read_file: ReadFile,
    environment: Environment,
    parameters: Mapping[str, str],
    open_template: OpenTemplate | None,
) -> Reading:
    if too_many := list(beyond_once_expanded(document)):
        raise InvalidTemplate(faults=[*too_many, *document.faults])
    files = _Files(read_file, open_template)
    whole = expanded(extended(document, environment, parameters))
    resources = Resources(whole, environment, parameters, Nesting(files.open))
    return _read_parts(resources, files)


def read_stacks(
    stacks: Sequence[StackTemplate],
    read_file: ReadFile,
    environment: Environment,
    parameters: Mapping[str, str],
    open_template: OpenTemplate | None = None,
    *,
    file: str,
) -> Reading:
    """
    Read several stacks as the one application that they are, as :func:`read_application`. ``file`` is what the whole is called.

    Its Outputs are those of all stacks; one that two stacks have with different values is no one's.
    """
    files = _Files(read_file, open_template)
    try:
        with bounded_suggestions():
            resources = read_together(stacks, environment, parameters, lambda: Nesting(files.open), file)
            return _read_parts(resources, files)
    except RecursionError:
        raise InvalidTemplate("the templates' functions are nested too deeply", Place(file)) from None


@dataclass(slots=True)
class _Files:
    """Who reads files, and which were asked for."""

    read_file: ReadFile
    open_template: OpenTemplate | None
    read: list[str] = field(default_factory=list)

    def named(self, name: str) -> str:
        self.read.append(name)
        return self.read_file(name)

    def open(self, name: str) -> OpenedTemplate:
        if self.open_template is None:
            if is_location(name):
                raise LivebusError(f"{name!r} is not at hand")
            return OpenedTemplate(name, self.named(name))
        self.read.append(name)
        return self.open_template(name)


def _read_parts(resources: Resources, files: _Files) -> Reading:
    """Read what is on the event's way, and what stands beside it, of the resources of a template or of several."""
    document, environment = resources.document, resources.environment
    _refuse_or_warn(resources)
    buses, queues, roles = read_buses(resources), read_queues(resources), read_roles(resources)
    apis = read_apis(resources, files.named, roles)
    functions = read_functions(resources)
    destinations = read_api_destinations(resources)
    rules = read_rules(resources, buses, apis, roles, queues, functions=functions, api_destinations=destinations)
    own = {bus.name for bus in buses}
    user_pools, archives = read_user_pools(resources), read_archives(resources, buses)
    tables, identity_pools = read_tables(resources), read_identity_pools(resources)
    exports = {name: stack.outputs[output] for stack in resources.stacks for name, output in stack.exports.items()}
    faults = tuple(told(resources.all_faults, Place(document.file)))
    application = Application(
        stack_name=environment.stack_name,
        region=environment.region,
        account=environment.account,
        buses=buses,
        rules=rules,
        apis=apis,
        user_pools=user_pools,
        roles=roles,
        identity_pools=identity_pools,
        archives=archives,
        functions=functions,
        tables=tables,
        queues=queues,
        outputs=outputs_of_all(each.outputs for each in resources.deployed),
        deployed={each.environment.stack_name: each.outputs for each in resources.deployed},
        outside_buses=tuple(dict.fromkeys(rule.bus for rule in rules if rule.bus not in own and not rule.bus_refused)),
        exports=exports,
        imports=frozenset(name for stack in resources.stacks for name in stack.imports),
        parameters={
            name: ",".join(value) if isinstance(value, list) else value for name, value in resources.parameters.items()
        },
        files=tuple(dict.fromkeys(files.read)),
        warnings=tuple(dict.fromkeys([*resources.warnings, *map(str, (each for each in faults if each.not_emulated))])),
    )
    return Reading(application, resources, faults)


def _refuse_or_warn(resources: Resources) -> None:
    """A fault for what cannot run here; a warning for what does nothing here."""
    document = resources.document
    if document.aliases and "Transform" not in document.body:
        text = "CloudFormation takes no YAML aliases; the SAM CLI expands them before it hands a template on"
        resources.warn(Place(document.file), text)
    for stack in resources.stacks:
        for name in stack.stored_parameters:
            value = shown(stack.parameters[name])
            text = f"the value of parameter {name!r} is in Systems Manager: {value} stands for it"
            resources.warn(stack.document.place(("Parameters", name)), text)
    for resource in resources.all():
        place = resource.place()
        if resource.type in NESTED and resources.is_read(resource):
            continue
        if resource.type in NOT_EMULATED:
            found, advice = f"{resource} is not emulated", NOT_EMULATED[resource.type]
            resources.not_emulated(found, place, advice)
        elif not is_known_type(resource.type) and resource.type not in INERT:
            # A type that AWS has is what is meant, however like it is to one that runs here.
            meant = "" if resource.type in known_types() else did_you_mean(resource.type, MEMBERS)
            resources.warn(place, f"{resource} does nothing here. {meant}".rstrip())
        check_members(resources, resource)
