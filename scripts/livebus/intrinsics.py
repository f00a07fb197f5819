"""
Station: CloudFormation's intrinsic functions and conditions, evaluated over a template in long form.

In: a value of the template and its path. Out: the value that CloudFormation would hand to the resource. Faults are
collected, not raised, so that one run tells all of them.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from livebus.errors import Fault, Place

Path = tuple[str | int, ...]

_SUB_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
# Functions that need what a stack of its own, another stack or another transform has to give.
_NOT_EMULATED = ("Fn::ImportValue", "Fn::Transform", "Fn::Cidr", "Fn::ForEach", "Fn::GetStackOutput")


class NoValue:
    """What ``!Ref AWS::NoValue`` stands for: the property that holds it is not there."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = NoValue()


class Attributes(Protocol):
    """What resources answer to Ref and GetAtt. Both raise KeyError where the resource has no such attribute."""

    def ref(self, logical_id: str) -> Any: ...

    def get(self, logical_id: str, attribute: str) -> Any: ...

    def names(self, logical_id: str) -> Iterable[str]: ...


class Evaluator:
    """
    Evaluates the values of one template for one set of parameters.

    ``resources`` are the logical ids of the template; ``place_of`` tells where a path stands. Found faults are in
    ``faults``; a value that could not be had is replaced by an empty string so that evaluation goes on.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        *,
        parameters: Mapping[str, Any],
        pseudo_parameters: Mapping[str, Any],
        attributes: Attributes,
        place_of: Callable[[Path], Place],
    ) -> None:
        self.faults: list[Fault] = []
        self._mappings: Mapping[str, Any] = template.get("Mappings") or {}
        self._conditions: Mapping[str, Any] = template.get("Conditions") or {}
        self._resources: Mapping[str, Any] = template.get("Resources") or {}
        self._parameters = {**pseudo_parameters, **parameters}
        self._attributes = attributes
        self._place_of = place_of
        self._known_conditions: dict[str, bool] = {}
        self._pending_conditions: list[str] = []
        self._functions: dict[str, Callable[[Any, Path], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::If": self._if,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": self._base64,
            "Fn::GetAZs": self._get_azs,
            "Fn::Length": self._length,
            "Fn::ToJsonString": self._to_json_string,
            "Fn::Equals": self._equals,
            "Fn::Not": self._not,
            "Fn::And": self._and,
            "Fn::Or": self._or,
            "Condition": self._condition,
        }

    def resolve(self, value: Any, path: Path) -> Any:
        """The value with every function evaluated; properties that are AWS::NoValue are left out."""
        if isinstance(value, dict):
            if len(value) == 1:
                name, argument = next(iter(value.items()))
                function = self._functions.get(name)
                # Inside a policy "Condition" is a plain key with an object below it, not a condition's name.
                if function and not (name == "Condition" and not isinstance(argument, str)):
                    return function(argument, (*path, name))
                if name.startswith("Fn::"):
                    return self._unknown_function(name, (*path, name))
            resolved = {key: self.resolve(item, (*path, key)) for key, item in value.items()}
            return {key: item for key, item in resolved.items() if item is not NO_VALUE}
        if isinstance(value, list):
            items = [self.resolve(item, (*path, index)) for index, item in enumerate(value)]
            return [item for item in items if item is not NO_VALUE]
        return value

    def condition(self, name: str, path: Path) -> bool:
        """Whether a condition of the Conditions section holds."""
        if name in self._known_conditions:
            return self._known_conditions[name]
        if name not in self._conditions:
            self._fault(f"condition {name!r} is not there", path, self._meant(name, self._conditions))
            return False
        if name in self._pending_conditions:
            self._fault(f"condition {name!r} depends on itself", path)
            return False
        self._pending_conditions.append(name)
        holds = self.resolve(self._conditions[name], ("Conditions", name)) is True
        self._pending_conditions.pop()
        self._known_conditions[name] = holds
        return holds

    # --- references -------------------------------------------------------------------------------------------------

    def _ref(self, name: Any, path: Path) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if isinstance(name, str):
            if name in self._parameters:
                return self._parameters[name]
            if name in self._resources:
                return self._attributes.ref(name)
        known = [*self._parameters, *self._resources, "AWS::NoValue"]
        return self._fault(f"Ref to {name!r}, which is neither a resource nor a parameter", path, self._meant(name, known))

    def _get_att(self, argument: Any, path: Path) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else self.resolve(argument, path)
        if not (isinstance(parts, list) and len(parts) == 2 and all(isinstance(part, str) for part in parts)):
            return self._fault(f"GetAtt takes a resource and an attribute, found {argument!r}", path)
        return self._attribute(parts[0], parts[1], path)

    def _attribute(self, logical_id: str, attribute: str, path: Path) -> Any:
        if logical_id not in self._resources:
            return self._fault(
                f"GetAtt on {logical_id!r}, which is not a resource", path, self._meant(logical_id, self._resources)
            )
        try:
            return self._attributes.get(logical_id, attribute)
        except KeyError:
            kind = self._resources[logical_id].get("Type")
            return self._fault(
                f"{kind} {logical_id!r} has no attribute {attribute!r}",
                path,
                self._meant(attribute, self._attributes.names(logical_id)),
            )

    def _sub(self, argument: Any, path: Path) -> Any:
        text, variables = argument, {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            text = argument[0]
            variables = {key: self.resolve(item, (*path, 1, key)) for key, item in argument[1].items()}
        if not isinstance(text, str):
            return self._fault(f"Sub takes a text, or a text and its variables, found {argument!r}", path)

        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in variables:
                return _text(variables[name])
            if "." in name:
                logical_id, _, attribute = name.partition(".")
                return _text(self._attribute(logical_id, attribute, path))
            return _text(self._ref(name, path))

        return _SUB_VARIABLE.sub(replace, text)

    def _find_in_map(self, argument: Any, path: Path) -> Any:
        keys = self.resolve(argument, path)
        if not (isinstance(keys, list) and len(keys) in (3, 4)):
            return self._fault("FindInMap takes a map name, a top-level key and a second-level key", path)
        found: Any = self._mappings
        for key in keys[:3]:
            if not isinstance(found, Mapping) or str(key) not in found:
                if len(keys) == 4 and isinstance(keys[3], dict) and "DefaultValue" in keys[3]:
                    return keys[3]["DefaultValue"]
                known = found if isinstance(found, Mapping) else ()
                return self._fault(f"FindInMap finds no {key!r} in Mappings", path, self._meant(key, known))
            found = found[str(key)]
        return found

    # --- text and lists ---------------------------------------------------------------------------------------------

    def _join(self, argument: Any, path: Path) -> Any:
        value = self.resolve(argument, path)
        if not (isinstance(value, list) and len(value) == 2 and isinstance(value[1], list)):
            return self._fault(f"Join takes a delimiter and a list, found {argument!r}", path)
        return str(value[0]).join(_text(item) for item in value[1])

    def _split(self, argument: Any, path: Path) -> Any:
        value = self.resolve(argument, path)
        if not (isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value)):
            return self._fault(f"Split takes a delimiter and a text, found {argument!r}", path)
        return value[1].split(value[0])

    def _select(self, argument: Any, path: Path) -> Any:
        value = self.resolve(argument, path)
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], list) and str(value[0]).isdecimal():
            index = int(value[0])
            if index < len(value[1]):
                return value[1][index]
        return self._fault(f"Select takes an index and a list that is long enough, found {argument!r}", path)

    def _base64(self, argument: Any, path: Path) -> Any:
        return base64.b64encode(_text(self.resolve(argument, path)).encode()).decode()

    def _get_azs(self, argument: Any, path: Path) -> Any:
        region = self.resolve(argument, path) or self._parameters["AWS::Region"]
        return [f"{region}{letter}" for letter in "abc"]

    def _length(self, argument: Any, path: Path) -> Any:
        value = self.resolve(argument, path)
        return len(value) if isinstance(value, list) else self._fault(f"Length takes a list, found {value!r}", path)

    def _to_json_string(self, argument: Any, path: Path) -> Any:
        return json.dumps(self.resolve(argument, path), separators=(",", ":"), ensure_ascii=False)

    # --- conditions -------------------------------------------------------------------------------------------------

    def _if(self, argument: Any, path: Path) -> Any:
        if not (isinstance(argument, list) and len(argument) == 3 and isinstance(argument[0], str)):
            return self._fault(f"If takes a condition's name and two values, found {argument!r}", path)
        branch = 1 if self.condition(argument[0], path) else 2
        return self.resolve(argument[branch], (*path, branch))

    def _equals(self, argument: Any, path: Path) -> Any:
        value = self.resolve(argument, path)
        if not (isinstance(value, list) and len(value) == 2):
            return self._fault(f"Equals takes two values, found {argument!r}", path)
        return _text(value[0]) == _text(value[1])

    def _not(self, argument: Any, path: Path) -> Any:
        return not self._booleans(argument, path, 1, 1)[0]

    def _and(self, argument: Any, path: Path) -> Any:
        return all(self._booleans(argument, path, 2, 10))

    def _or(self, argument: Any, path: Path) -> Any:
        return any(self._booleans(argument, path, 2, 10))

    def _booleans(self, argument: Any, path: Path, least: int, most: int) -> Sequence[bool]:
        if not (isinstance(argument, list) and least <= len(argument) <= most):
            self._fault(f"{path[-1]} takes a list of {least} to {most} conditions, found {argument!r}", path)
            return [False]
        return [self.resolve(item, (*path, index)) is True for index, item in enumerate(argument)]

    def _condition(self, name: str, path: Path) -> Any:
        return self.condition(name, path)

    # --- faults -----------------------------------------------------------------------------------------------------

    def _unknown_function(self, name: str, path: Path) -> str:
        if name in _NOT_EMULATED or name.startswith("Fn::ForEach::"):
            return self._fault(f"{name} is not emulated", path, "Write the value itself, or give it as a parameter.")
        return self._fault(f"unknown function {name!r}", path, self._meant(name, self._functions))

    def _fault(self, found: str, path: Path, advice: str = "") -> str:
        self.faults.append(Fault(found, self._place_of(path), advice=advice))
        return ""

    @staticmethod
    def _meant(name: Any, known: Iterable[str]) -> str:
        close = difflib.get_close_matches(str(name), list(known), n=1)
        return f"Did you mean {close[0]!r}?" if close else ""


def _text(value: Any) -> str:
    """A value as CloudFormation writes it into a text: booleans in lower case, lists joined by commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return str(value)
