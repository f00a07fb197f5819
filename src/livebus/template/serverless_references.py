"""
Makes plain references of those that SAM adds: ``!Ref Function.Alias``, ``!Ref Function.Version``, ``!Ref Api.Stage``.

In: a template in long form, its serverless resources still in it. Out: the same with the logical ids that SAM gives to what
is meant; AWS::ApiGateway::Stage is added for an API whose stage is referred to, as nothing here makes APIs.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from livebus.template.document import Document

_APIS = {
    "AWS::Serverless::Api": "AWS::ApiGateway::Stage",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Stage",
}


def references_resolved(document: Document) -> Document:
    """A template without SAM's own references; the template itself where it has none."""
    resources = document.body.get("Resources")
    if not isinstance(resources, dict):
        return document
    meant = {
        name: found
        for logical_id, body in resources.items()
        if isinstance(body, dict) and str(body.get("Type")).startswith("AWS::Serverless::")
        for name, found in _named(logical_id, body)
    }
    if not meant or not _mentions(document.body, meant):
        return document
    body = _replaced(document.body, meant)
    for logical_id, resource in resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        stage = meant.get(f"{logical_id}.Stage")
        if kind in _APIS and stage is not None and stage not in resources:
            name = (resource.get("Properties") or {}).get("StageName", "$default")
            body["Resources"][stage] = {"Type": _APIS[kind], "Properties": {"StageName": name}}
    return replace(document, body=body)


def _named(logical_id: str, body: Mapping[str, Any]) -> list[tuple[str, str]]:
    properties = body.get("Properties")
    given: Mapping[str, Any] = properties if isinstance(properties, dict) else {}
    if body["Type"] in _APIS:
        stage = given.get("StageName")
        return [
            (f"{logical_id}.Stage", f"{logical_id}{stage if isinstance(stage, str) and stage.isalnum() else ''}Stage")
        ]
    alias = given.get("AutoPublishAlias")
    if isinstance(alias, str):
        return [
            (f"{logical_id}.Alias", f"{logical_id}Alias{alias}"),
            (f"{logical_id}.Version", f"{logical_id}Alias{alias}"),
        ]
    return []


def _mentions(value: Any, names: Mapping[str, str]) -> bool:
    if isinstance(value, dict):
        return _version_of(value, names) is not None or any(
            (key == "Ref" and item in names) if isinstance(item, str) else _mentions(item, names)
            for key, item in value.items()
        )
    return isinstance(value, list) and any(_mentions(item, names) for item in value)


def _version_of(value: Mapping[str, Any], names: Mapping[str, str]) -> str | None:
    """What ``!GetAtt Function.Version.FunctionArn`` means: the same as ``!Ref Function.Version``."""
    given = value.get("Fn::GetAtt")
    parts = given.split(".", 1) if isinstance(given, str) else given
    if isinstance(parts, list) and len(parts) == 2 and parts[1] == "Version.FunctionArn":
        return names.get(f"{parts[0]}.Version")
    return None


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        if (version := _version_of(value, names)) is not None:
            return {"Ref": version}
        return {
            key: names.get(item, item) if key == "Ref" and isinstance(item, str) else _replaced(item, names)
            for key, item in value.items()
        }
    return [_replaced(item, names) for item in value] if isinstance(value, list) else value
