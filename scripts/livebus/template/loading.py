"""
Reads template.yaml, with the files it names, into an Application.

In: the template's text, a reader for files, an environment, values for parameters. Out: an Application, or every fault
found on the way in one InvalidTemplate.
"""

from __future__ import annotations

from collections.abc import Mapping

from livebus.errors import Fault, InvalidTemplate
from livebus.template.application import Application
from livebus.template.appsync import ReadFile, read_apis
from livebus.template.attributes import Environment, is_known_type
from livebus.template.cognito import read_user_pools
from livebus.template.document import read_document
from livebus.template.events import read_buses, read_queues, read_roles, read_rules
from livebus.template.resources import Resources

# On the event's way, sound on AWS, and without a counterpart here: loading such a template would promise too much.
NOT_EMULATED = {
    "AWS::AppSync::Api": "AppSync Events APIs cannot be the target of a rule.",
    "AWS::AppSync::ChannelNamespace": "AppSync Events APIs cannot be the target of a rule.",
    "AWS::AppSync::SourceApiAssociation": "Write the schema into one API.",
    "AWS::EventsV2::EventBus": "A V2 bus cannot target AppSync; use AWS::Events::EventBus.",
    "AWS::EventsV2::Subscriber": "A V2 bus cannot target AppSync; use AWS::Events::Rule.",
    "AWS::Serverless::GraphQLApi": "Write AWS::AppSync::GraphQLApi: docs/decisions/ tells why.",
    "AWS::CloudFormation::Stack": "Run the nested template by itself.",
}

# Not on the event's way: they are part of a deployment, and nothing here waits for them.
INERT = frozenset(
    {
        "AWS::CloudWatch::Alarm",
        "AWS::Events::Archive",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::RolePolicy",
        "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter",
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
    faults: of the YAML, of references, of properties that are missing, of what is not emulated.
    """
    document = read_document(text, file)
    resources = Resources(document, environment, parameters or {})
    read: list[str] = []

    def recorded(name: str) -> str:
        read.append(name)
        return read_file(name)

    warnings = _refuse_or_warn(resources)
    buses, queues, roles = read_buses(resources), read_queues(resources), read_roles(resources)
    apis = read_apis(resources, recorded)
    rules, rule_warnings = read_rules(resources, buses, apis, roles, queues)
    application = Application(
        stack_name=environment.stack_name,
        region=environment.region,
        account=environment.account,
        buses=buses,
        rules=rules,
        apis=apis,
        user_pools=read_user_pools(resources),
        queues=queues,
        outputs=resources.outputs(),
        parameters={name: str(value) for name, value in resources.parameters.items()},
        files=tuple(dict.fromkeys(read)),
        warnings=(*warnings, *rule_warnings),
    )
    faults = list(dict.fromkeys(resources.all_faults))
    if faults:
        raise InvalidTemplate(faults=faults)
    return application


def _refuse_or_warn(resources: Resources) -> list[str]:
    """A fault for each resource that cannot run here; a warning for each that does nothing here."""
    warnings = []
    for resource in resources.all():
        if resource.type in NOT_EMULATED:
            found = f"{resource.type} {resource.logical_id!r} is not emulated"
            resources.faults.append(Fault(found, resource.place(), advice=NOT_EMULATED[resource.type]))
        elif not is_known_type(resource.type) and resource.type not in INERT:
            warnings.append(f"{resource.place()}: {resource.type} {resource.logical_id!r} does nothing here")
    return warnings
