"""
The sections of a template and the members of its resources: what has to be an object is one, and names are known.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

import re
from typing import Any

from livebus.errors import Fault, did_you_mean
from livebus.template.document import IN_STACK, Document
from livebus.template.globals import TRANSFORM, check_globals
from livebus.template.properties import shown

_SECTIONS = (
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
)
_READ = ("Conditions", "Mappings", "Outputs", "Parameters", "Resources")
_RESOURCE_MEMBERS = (
    "Condition",
    "Connectors",  # SAM's
    "CreationPolicy",
    "DeletionPolicy",
    "Description",
    "DependsOn",
    "IgnoreGlobals",  # SAM's
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
)
# Transforms that leave plain resources as they are.
_TRANSFORMS = (TRANSFORM, "AWS::LanguageExtensions")
_LOGICAL_ID = re.compile("[A-Za-z0-9]{1,255}")
_TYPE = re.compile(r"(AWS|Alexa)::\w+::\w+|Custom::[\w@-]+|\w+::\w+::\w+(::\w+)?")


def checked_sections(document: Document, faults: list[Fault]) -> dict[str, dict[str, Any]]:
    """
    The sections that are read, each an object; Resources and Outputs hold objects only.

    What is not as CloudFormation takes it is added to ``faults`` and left out.
    """
    body = document.body
    for name in body:
        if name not in _SECTIONS:
            found = f"Invalid template property or properties [{name}]"
            faults.append(Fault(found, document.place((name,)), advice=did_you_mean(name, _SECTIONS)))
    _check_version_and_transform(document, faults)
    faults += check_globals(document)
    sections: dict[str, dict[str, Any]] = {}
    for name in _READ:
        section = body.get(name)
        if section is not None and not isinstance(section, dict):
            faults.append(Fault(f"{name} is {shown(section)}", document.place((name,)), "an object"))
        sections[name] = section if isinstance(section, dict) else {}
    if not sections["Resources"] and not isinstance(body.get("Resources"), list | str | int | float):
        place = document.place(("Resources",))
        faults.append(Fault("At least one Resources member must be defined.", place))
    sections["Resources"] = _resources(document, sections["Resources"], faults)
    sections["Outputs"] = _outputs(document, sections["Outputs"], faults)
    return sections


def _check_version_and_transform(document: Document, faults: list[Fault]) -> None:
    version = document.body.get("AWSTemplateFormatVersion", "2010-09-09")
    if version not in (None, "2010-09-09"):
        place = document.place(("AWSTemplateFormatVersion",))
        faults.append(Fault(f"AWSTemplateFormatVersion is {shown(version)}", place, "2010-09-09"))
    given = document.body.get("Transform")
    for transform in given if isinstance(given, list) else [given]:
        if transform is not None and transform not in _TRANSFORMS:
            found = f"Transform {shown(transform)} is not emulated"
            faults.append(
                Fault(
                    found,
                    document.place(("Transform",)),
                    f"one of {', '.join(_TRANSFORMS)}, or none",
                    not_emulated=True,
                )
            )


def _resources(document: Document, resources: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    sound: dict[str, Any] = {}
    for logical_id, body in resources.items():
        place = document.place(("Resources", logical_id))
        if not _LOGICAL_ID.fullmatch(logical_id):
            faults.append(Fault(f"Resource name {logical_id} is non alphanumeric.", place))
            if IN_STACK in logical_id:  # it would be taken for one in a nested stack
                continue
        if not isinstance(body, dict):
            faults.append(Fault(f"resource {logical_id!r} is {shown(body)}", place, "an object with a Type"))
            continue
        for member in body:
            if member not in _RESOURCE_MEMBERS and not (member == "Version" and _is_custom(body.get("Type"))):
                at = document.place(("Resources", logical_id, member))
                found = f"Invalid template resource property '{member}'"
                faults.append(Fault(found, at, advice=did_you_mean(member, _RESOURCE_MEMBERS)))
        kind = body.get("Type")
        if not isinstance(kind, str):
            faults.append(Fault(f"resource {logical_id!r} has no Type", place, "a type such as AWS::Events::Rule"))
        elif not _TYPE.fullmatch(kind):
            at = document.place(("Resources", logical_id, "Type"))
            faults.append(Fault(f"Unrecognized resource types: [{kind}]", at, "a type such as AWS::Events::Rule"))
        elif not isinstance(body.get("Properties") or {}, dict):
            at = document.place(("Resources", logical_id, "Properties"))
            faults.append(Fault(f"the Properties of {logical_id!r} are {shown(body['Properties'])}", at, "an object"))
            sound[logical_id] = {**body, "Properties": {}}
        else:
            sound[logical_id] = body
    return sound


def _is_custom(kind: Any) -> bool:
    """AWS's own examples of custom resources have a Version beside the Type."""
    return isinstance(kind, str) and (kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource")


def _outputs(document: Document, outputs: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    sound: dict[str, Any] = {}
    for name, body in outputs.items():
        place = document.place(("Outputs", name))
        if not _LOGICAL_ID.fullmatch(name):
            faults.append(Fault(f"Output name {name} is non alphanumeric.", place))
        if isinstance(body, dict):
            sound[name] = body
        else:
            faults.append(Fault(f"output {name!r} is {shown(body)}", place, "an object with a Value"))
    return sound
