"""
Makes change sets: reads what is asked for, compares it with what runs, and says what would be done.

In: the call's parameters, nested as the query protocol has them. Out: a ChangeSet, FAILED where CloudFormation fails it;
AwsError where it refuses the call itself.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from livebus.errors import Fault, InvalidTemplate, LivebusError
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.cloudformation.answers import capabilities
from livebus.runtime.cloudformation.changes import resource_changes
from livebus.runtime.cloudformation.deployment import DELETE, DO_NOTHING, Deployer
from livebus.runtime.cloudformation.loading import read_resources, template_file
from livebus.runtime.cloudformation.stack import ChangeSet, Deployment, Stack
from livebus.runtime.s3.service import split_location
from livebus.template.document import read_document
from livebus.template.resources import Resources

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
_MAX_BODY = 51_200
_MAX_TEMPLATE = 1_000_000  # the quota's page says 1 MB; the refusal that people show names this
_CHANGE_SET_NAME = re.compile("[a-zA-Z][-a-zA-Z0-9]{0,127}")
_KNOWN_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_FORMAT = ("Unresolved resource dependencies", "Invalid template property", "Unrecognized resource types")
_NOT_FORMAT = ("Circular dependency", "Parameters: [")


def validation_error(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def read_template(form: Mapping[str, Any], deployer: Deployer, previous: str | None) -> str:
    """The template's text: given in the call, in S3, or as it was. Raises AwsError."""
    body, url = form.get("TemplateBody"), form.get("TemplateURL")
    if form.get("UsePreviousTemplate") == "true":
        if previous is None:
            raise validation_error("No template was deployed before; UsePreviousTemplate has nothing to use.")
        return previous
    if isinstance(body, str) and body:
        if len(body.encode()) > _MAX_BODY:
            raise validation_error(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
                f"Member must have length less than or equal to {_MAX_BODY}"
            )
        return body
    if not isinstance(url, str) or not url:
        raise validation_error("Either Template URL or Template Body must be specified.")
    try:
        text = deployer.read_file(url)
    except LivebusError as error:
        raise validation_error(
            f"S3 error: {error.faults[0].found}\nFor more information check the template's location {split_location(url)}."
        ) from None
    if len(text.encode()) > _MAX_TEMPLATE:
        raise validation_error(f"Template may not exceed {_MAX_TEMPLATE} bytes in size.")
    return text


def read_parameters(form: Mapping[str, Any], previous: Mapping[str, str]) -> dict[str, str]:
    """The values given for parameters; those to be used as before come from ``previous``, where they were given."""
    values = {}
    for item in members(form, "Parameters"):
        name = str(item.get("ParameterKey", ""))
        if item.get("UsePreviousValue") == "true":
            if name in previous:
                values[name] = previous[name]
        else:
            values[name] = str(item.get("ParameterValue", ""))
    return values


def members(form: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of objects in a form."""
    value = form.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def make_change_set(
    form: Mapping[str, Any], stack: Stack, name: str, deployer: Deployer, *, kind: str, new_id: Callable[[], str]
) -> ChangeSet:
    """A change set of a stack that is there, if only in review. Raises AwsError where the call is refused."""
    if not _CHANGE_SET_NAME.fullmatch(name):
        raise validation_error(
            f"1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    if name in stack.change_sets:
        raise AwsError(
            "AlreadyExistsException", f"ChangeSet {name} cannot be created due to a mismatch with existing attribute"
        )
    if kind not in ("CREATE", "UPDATE"):
        raise validation_error(f"Change sets of type {kind!r} are not emulated by the local runtime.")
    deployed = stack.template
    deployment = Deployment(
        read_template(form, deployer, deployed.template if deployed else None),
        {},
        read_parameters(form, deployed.parameters if deployed else {}),
    )
    given = form.get("Capabilities")
    acknowledged = tuple(map(str, given)) if isinstance(given, list) else ()
    if unknown := [each for each in acknowledged if each not in _KNOWN_CAPABILITIES]:
        raise validation_error(
            f"1 validation error detected: Value '[{', '.join(unknown)}]' at 'capabilities' failed to satisfy constraint: "
            f"Member must satisfy constraint: [Member must satisfy enum value set: [{', '.join(_KNOWN_CAPABILITIES)}]]"
        )
    change_set = ChangeSet(
        f"{stack.stack_id.rpartition(':stack/')[0]}:changeSet/{name}/{new_id()}",
        name,
        kind,
        deployer.clockwork.clock(),
        deployment,
        tags={str(item.get("Key", "")): str(item.get("Value", "")) for item in members(form, "Tags")},
        capabilities=acknowledged,
        description=str(form.get("Description", "")),
        on_failure=_on_failure(form),
    )
    _compare(change_set, stack, deployer)
    return change_set


def _on_failure(form: Mapping[str, Any]) -> str:
    given = str(form.get("OnStackFailure") or form.get("OnFailure") or "")
    if form.get("DisableRollback") == "true":
        given = DO_NOTHING
    return given if given in (DO_NOTHING, DELETE) else ""


def _compare(change_set: ChangeSet, stack: Stack, deployer: Deployer) -> None:
    """Fill in what the change set would do, or why CloudFormation fails it."""
    resources = _read(change_set.deployment, stack, deployer)
    body = resources.document.body
    faults = [each for each in resources.template_faults if not each.not_emulated and not each.of_another_stack]
    if faults:
        reason = "\n".join(map(template_error, faults))
        # A template with a transform is looked at after the call was answered: the change set fails, not the call.
        if "Transform" not in body or any(fault.found.startswith(("Parameters: [", "parameter ")) for fault in faults):
            raise validation_error(reason)
        change_set.status, change_set.execution, change_set.reason = "FAILED", "UNAVAILABLE", reason
        return
    if missing := [each for each in capabilities(body) if not _is_acknowledged(each, change_set.capabilities)]:
        reason = f"Requires capabilities : [{', '.join(missing)}]"
        if "Transform" not in body:
            raise AwsError("InsufficientCapabilitiesException", reason)
        change_set.status, change_set.execution, change_set.reason = "FAILED", "UNAVAILABLE", reason
        return
    change_set.changes = tuple(resource_changes(deployer.before(stack), resources))
    if _is_same(change_set, stack, resources):
        change_set.status, change_set.execution, change_set.reason = "FAILED", "UNAVAILABLE", NO_CHANGES


def _is_same(change_set: ChangeSet, stack: Stack, resources: Resources) -> bool:
    """Whether a change set would change nothing: neither resources nor tags nor anything else of the template."""
    running = stack.deployed
    if change_set.changes or running is None or dict(change_set.tags) != dict(stack.tags):
        return False
    before = read_document(running.template, "").body
    return before == resources.document.body or (
        resources.outputs == dict(stack.outputs) and before.get("Outputs") == resources.document.body.get("Outputs")
    )


def _is_acknowledged(capability: str, given: tuple[str, ...]) -> bool:
    return capability in given or (capability == "CAPABILITY_IAM" and "CAPABILITY_NAMED_IAM" in given)


def _read(deployment: Deployment, stack: Stack, deployer: Deployer) -> Resources:
    environment = deployer.served.environment_of(stack.name, stack_id=stack.stack_id, is_primary=stack.is_primary)
    try:
        return read_resources(deployment, stack.name, environment, deployer.read_file)
    except InvalidTemplate as error:
        raise validation_error("\n".join(f"Template format error: {fault}" for fault in error.faults)) from None


def template_error(fault: Fault) -> str:
    """A fault of the template as a whole, as CloudFormation begins it; with its place, which CloudFormation leaves out."""
    found = str(fault)
    if fault.found.startswith("parameter "):
        return found
    if fault.found.startswith(_NOT_FORMAT):
        return f"{fault.found}\n{found}" if found != fault.found else found
    prefix = "Template format error" if fault.found.startswith(_FORMAT) else "Template error"
    return f"{prefix}: {fault.found}\n{found}" if found != fault.found else f"{prefix}: {found}"


def checked_template(text: str, name: str) -> Mapping[str, Any]:
    """The body of a template that can be read. Raises AwsError."""
    try:
        document = read_document(text, template_file(name))
    except InvalidTemplate as error:
        raise validation_error("\n".join(f"Template format error: {fault}" for fault in error.faults)) from None
    return document.body
