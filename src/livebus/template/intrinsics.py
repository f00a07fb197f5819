"""
Station: CloudFormation's intrinsic functions and conditions, evaluated over a template in long form.

In: a value of the template and its path. Out: the value that CloudFormation would hand to the resource. Faults are
collected, not raised, so that one run tells all of them; where CloudFormation's own words are known they are used.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from livebus.errors import Fault, Place, did_you_mean
from livebus.template.imports import Imports, Missing
from livebus.template.text_functions import TextFunctions
from livebus.template.values import NO_VALUE, UNKNOWN, in_message, is_opaque, possible, written
from livebus.template.yielded import MAX_YIELDED, TooMuch, Yielded

Path = tuple[str | int, ...]

SUB_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


def sub_variable(mark: str, text: str) -> tuple[bool, str]:
    """
    What stands between the braces of a SUB_VARIABLE: whether it is meant literally, and the name, without the spaces around it.

    AWS documents no spaces; deployed templates hold them, and cfn-lint takes them.
    """
    name = text.strip()
    return (True, name) if mark else (name.startswith("!"), name.removeprefix("!").strip())


# Functions that need what a stack of its own, another stack or another transform has to give.
_NOT_EMULATED = ("Fn::ImportValue", "Fn::Transform", "Fn::Cidr", "Fn::ForEach", "Fn::GetStackOutput")
# Conditions that name conditions that name conditions: AWS documents no bound; ours keeps Python's stack.
_MAX_CONDITIONS_DEEP = 30


# Functions that hand on what stands elsewhere, and make nothing of their own.
_REFERRING = frozenset(("Ref", "Fn::GetAtt", "Fn::FindInMap", "Fn::ImportValue", "Fn::GetStackOutput"))


class Attributes(Protocol):
    """What resources answer to Ref and GetAtt. Both raise KeyError where the resource has no such attribute."""

    def ref(self, logical_id: str) -> Any: ...

    def get(self, logical_id: str, attribute: str) -> Any: ...

    def names(self, logical_id: str) -> Iterable[str]: ...


class Evaluator:
    """
    Evaluates the values of one template for one set of parameters.

    ``template`` has the sections Resources, Conditions and Mappings, objects all of them; ``place_of`` tells where a
    path stands. ``imports`` are what other stacks give; without them Fn::ImportValue and Fn::GetStackOutput cannot be evaluated.
    Found faults are in ``faults``; a value that could not be had is UNKNOWN, so that evaluation goes on. ``yielded`` is the
    account that the functions share with those of others.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        *,
        parameters: Mapping[str, Any],
        pseudo_parameters: Mapping[str, Any],
        attributes: Attributes,
        place_of: Callable[[Path], Place],
        imports: Imports | None = None,
        yielded: Yielded | None = None,
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
        self._yielded = yielded or Yielded()
        self._too_much = False
        # Values made here, by identity, with the paths they are from; they are kept so that none is mistaken.
        self._origins: dict[int, tuple[Any, Path]] = {}
        self._functions: dict[str, Callable[[Any, Path], Any]] = {
            **TextFunctions(self.resolve, self._fault, self._yielded, self._parameters.get("AWS::Region")).by_name(),
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Equals": self._equals,
            "Fn::Not": self._not,
            "Fn::And": self._and,
            "Fn::Or": self._or,
            "Condition": self._condition,
        }
        if imports is not None:
            self._functions["Fn::ImportValue"] = partial(self._import_value, imports)
            self._functions["Fn::GetStackOutput"] = partial(self._get_stack_output, imports)

    def resolve(self, value: Any, path: Path) -> Any:
        """The value with every function evaluated; properties that are AWS::NoValue are left out."""
        resolved: Any
        if isinstance(value, dict):
            if len(value) == 1:
                name, argument = next(iter(value.items()))
                function = self._functions.get(name)
                # Only conditions name each other by "Condition"; in a policy it is a key as any other.
                if function and (name != "Condition" or path[:1] == ("Conditions",)):
                    return self._call(function, argument, (*path, name))
            if "Fn::Transform" in value and len(value) > 1:
                # A macro's members join those beside it, which stand for themselves.
                self._misplaced_function("Fn::Transform", (*path, "Fn::Transform"), is_alone=True)
                value = {name: item for name, item in value.items() if name != "Fn::Transform"}
            if misplaced := [name for name in value if name.startswith("Fn::")]:
                return self._misplaced_function(misplaced[0], (*path, misplaced[0]), is_alone=len(value) == 1)
            members = [(key, self.resolve(item, (*path, key))) for key, item in value.items()]
            resolved = {key: item for key, item in members if item is not NO_VALUE}
        elif isinstance(value, list):
            items = [self.resolve(item, (*path, index)) for index, item in enumerate(value)]
            resolved = [item for item in items if item is not NO_VALUE]
        else:
            return value
        self._origins[id(resolved)] = resolved, path
        return resolved

    def _call(self, function: Callable[[Any, Path], Any], argument: Any, path: Path) -> Any:
        """What a function yields; UNKNOWN from where all of them together yield more than the bound."""
        if self._too_much:
            return UNKNOWN
        try:
            result = function(argument, path)
            # Text that is made was counted before; a reference is counted here, as whoever has it may write it out.
            if path[-1] in _REFERRING:
                self._yielded.spend_for(result)
        except TooMuch:
            if not self._too_much:
                self._too_much = True
                found = f"the template's functions yield more than {MAX_YIELDED:,} characters"
                advice = "What comes after this function is not evaluated. Put large values into files of their own."
                expected = f"at most {MAX_YIELDED:,} characters, all together"
                self.faults.append(Fault(found, self._place_of(path), expected, advice, is_bound=True))
            return UNKNOWN
        return result

    def origin(self, value: Any) -> Path | None:
        """The path that an object or a list was resolved from: through Fn::If, and past items that are left out."""
        known = self._origins.get(id(value))
        return known[1] if known else None

    def condition(self, name: Any, path: Path) -> bool:
        """Whether a condition of the Conditions section holds."""
        if not isinstance(name, str):
            self._fault(f"a condition's name is {in_message(name)}", path, "the name of a condition")
            return False
        if name in self._known_conditions:
            return self._known_conditions[name]
        if name not in self._conditions:
            self._fault(f"condition {name!r} is not there", path, advice=did_you_mean(name, self._conditions))
            return False
        if name in self._pending_conditions:
            self._fault(f"Circular dependency between conditions: [{', '.join(self._pending_conditions)}]", path)
            return False
        if len(self._pending_conditions) >= _MAX_CONDITIONS_DEEP:
            self._fault(f"conditions name each other more than {_MAX_CONDITIONS_DEEP} deep", path)
            return False
        self._pending_conditions.append(name)
        place: Path = ("Conditions", name)
        holds = self.resolve(self._conditions[name], place)
        self._pending_conditions.pop()
        if not isinstance(holds, bool) or not isinstance(self._conditions[name], dict):
            if holds is not UNKNOWN:
                self._fault(
                    f"condition {name!r} is {in_message(holds)}", place, "Fn::Equals, Fn::And, Fn::Or or Fn::Not"
                )
            holds = False
        self._known_conditions[name] = holds
        return holds

    def is_made(self, logical_id: str) -> bool:
        """Whether a resource's own condition holds; a resource without one is made."""
        name = self._resources[logical_id].get("Condition")
        return name is None or self.condition(name, ("Resources", logical_id, "Condition"))

    # --- references -------------------------------------------------------------------------------------------------

    def unresolved(self, name: str, path: Path) -> str:
        """Tell that nothing in the template has the name that Ref, Sub or DependsOn gives."""
        block = path[0]
        if block == "Conditions" and name in self._resources:
            found = (
                f"Unresolved dependencies [{name}]. Cannot reference resources in the Conditions block of the template"
            )
            return self._fault(found, path, advice="A condition is evaluated before there are resources.")
        found = f"Unresolved resource dependencies [{name}] in the {block} block of the template"
        if name in self._resources:
            condition = self._resources[name]["Condition"]
            return self._fault(
                found, path, advice=f"Its condition {condition!r} does not hold; refer to it in Fn::If only."
            )
        meant = did_you_mean(name, [*self._parameters, *self._resources, "AWS::NoValue"])
        if not meant and "Fn::Sub" in path:
            meant = "Write ${!…} where the text itself is meant."
        return self._fault(found, path, advice=meant)

    def undefined(self, logical_id: str, path: Path) -> str:
        """Tell that Fn::GetAtt names a resource that is not there."""
        if logical_id in self._resources:
            return self.unresolved(logical_id, path)
        found = f"instance of Fn::GetAtt references undefined resource {logical_id}"
        return self._fault(found, path, advice=did_you_mean(logical_id, self._resources))

    def _ref(self, name: Any, path: Path) -> Any:
        if not isinstance(name, str):
            return self._fault(
                f"Ref takes a name, found {in_message(name)}", path, "the name of a parameter or a resource"
            )
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._parameters:
            return self._parameters[name]
        if name in self._resources and path[0] != "Conditions" and self.is_made(name):
            return self._attributes.ref(name)
        return self.unresolved(name, path)

    def _get_att(self, argument: Any, path: Path) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else self.resolve(argument, path)
        if not (isinstance(parts, list) and len(parts) == 2 and all(isinstance(part, str) and part for part in parts)):
            expected = "two non-empty parameters, the resource name and the resource attribute"
            return self._fault(f"Fn::GetAtt has {in_message(argument)}", path, expected)
        return self._attribute(parts[0], parts[1], path)

    def _attribute(self, logical_id: str, attribute: str, path: Path) -> Any:
        if path[0] == "Conditions":
            return self.unresolved(logical_id, path)
        if logical_id not in self._resources or not self.is_made(logical_id):
            return self.undefined(logical_id, path)
        try:
            return self._attributes.get(logical_id, attribute)
        except KeyError:
            kind = self._resources[logical_id].get("Type")
            found = f"Requested attribute {attribute} does not exist in schema for {kind}"
            return self._fault(found, path, advice=did_you_mean(attribute, self._attributes.names(logical_id)))

    def _import_value(self, imports: Imports, argument: Any, path: Path) -> Any:
        name = self.resolve(argument, path)
        if not isinstance(name, str) or path[0] == "Conditions":
            return self._fault(
                f"Fn::ImportValue has {in_message(argument)}", path, "the name of another stack's export"
            )
        return UNKNOWN if name is UNKNOWN else self._imported(imports.value(name), path)

    def _get_stack_output(self, imports: Imports, argument: Any, path: Path) -> Any:
        given = self.resolve(argument, path)
        members = given if isinstance(given, Mapping) else {}
        stack, output, region = (members.get(name, "") for name in ("StackName", "OutputName", "Region"))
        if not all(isinstance(each, str) for each in (stack, output, region)) or path[0] == "Conditions":
            expected = "an object with StackName and OutputName"
            return self._fault(f"Fn::GetStackOutput has {in_message(argument)}", path, expected)
        if stack is UNKNOWN or output is UNKNOWN:
            return UNKNOWN
        return self._imported(imports.output(stack, output, region, has_role="RoleArn" in members), path)

    def _imported(self, found: str | Missing, path: Path) -> str:
        """What another stack gives; a fault where none does."""
        if isinstance(found, str):
            return found
        place, is_elsewhere = self._place_of(path), found.is_elsewhere
        self.faults.append(
            Fault(found.found, place, "", found.advice, not_emulated=is_elsewhere, of_another_stack=True)
        )
        return found.stands_for if found.is_elsewhere else UNKNOWN

    def _sub(self, argument: Any, path: Path) -> Any:
        text, variables = argument, {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            text = argument[0]
            variables = {key: self.resolve(item, (*path, 1, key)) for key, item in argument[1].items()}
        if isinstance(text, dict) and [*text] == ["Fn::Transform"]:
            return self.resolve(text, path)
        if not isinstance(text, str):
            return self._fault(
                f"Fn::Sub has {in_message(argument)}", path, "a text, or a list of a text and its variables"
            )

        is_told = False

        def replace(match: re.Match[str]) -> str:
            nonlocal is_told
            is_literal, name = sub_variable(*match.groups())
            if is_literal:
                return f"${{{name}}}"
            if name in variables:
                value = variables[name]
            elif "." in name:
                logical_id, _, attribute = name.partition(".")
                is_there = logical_id in self._resources
                value = self._attribute(logical_id, attribute, path) if is_there else self.unresolved(logical_id, path)
            else:
                value = self._ref(name, path)
            if isinstance(value, list | dict):
                return self._fault(f"variable {name} in Fn::Sub expression does not resolve to a string", path)
            is_told = is_told or value is UNKNOWN
            replacement = written(value)
            self._yielded.spend(len(replacement))
            return replacement

        self._yielded.spend(len(text))
        replaced = SUB_VARIABLE.sub(replace, text)
        return UNKNOWN if is_told else replaced

    def _find_in_map(self, argument: Any, path: Path) -> Any:
        keys = self.resolve(argument, path)
        if not (isinstance(keys, list) and len(keys) in (3, 4)) or any(
            isinstance(key, list | dict) for key in keys[:3]
        ):
            return self._fault(
                f"Fn::FindInMap has {in_message(argument)}", path, "a map's name, a top-level and a second-level key"
            )
        found: Any = self._mappings
        if any(key is UNKNOWN for key in keys[:3]):
            return UNKNOWN
        for each in keys[:3]:
            given = key = written(each)
            if isinstance(found, Mapping) and found and given not in found:
                # Of a key that is only known where it is deployed, any will do; of one that is assumed, any that it may be.
                there = (other for other in possible(each) if other in found)
                key = next(iter(found)) if is_opaque(given) else next(there, given)
            if not isinstance(found, Mapping) or key not in found:
                if len(keys) == 4 and isinstance(keys[3], dict) and "DefaultValue" in keys[3]:
                    return keys[3]["DefaultValue"]
                wanted = "::".join(written(each)[:200] for each in keys[:3])
                meant = did_you_mean(key, found) if isinstance(found, Mapping) else ""
                return self._fault(f"Unable to get mapping for {wanted}", path, advice=meant)
            found = found[key]
        return found

    # --- conditions -------------------------------------------------------------------------------------------------

    def _if(self, argument: Any, path: Path) -> Any:
        if not (isinstance(argument, list) and len(argument) == 3 and isinstance(argument[0], str)):
            return self._fault(f"Fn::If has {in_message(argument)}", path, "a condition's name and two values")
        branch = 1 if self.condition(argument[0], path) else 2
        return self.resolve(argument[branch], (*path, branch))

    def _equals(self, argument: Any, path: Path) -> Any:
        value = self.resolve(argument, path)
        if not (isinstance(value, list) and len(value) == 2):
            return self._fault(f"Fn::Equals has {in_message(argument)}", path, "two values")
        return written(value[0]) == written(value[1])

    def _not(self, argument: Any, path: Path) -> Any:
        return not all(self._booleans(argument, path, 1, 1))

    def _and(self, argument: Any, path: Path) -> Any:
        return all(self._booleans(argument, path, 2, 10))

    def _or(self, argument: Any, path: Path) -> Any:
        return any(self._booleans(argument, path, 2, 10))

    def _booleans(self, argument: Any, path: Path, least: int, most: int) -> list[bool]:
        count = str(least) if least == most else f"{least} to {most}"
        if not (isinstance(argument, list) and least <= len(argument) <= most):
            self._fault(f"{path[-1]} has {in_message(argument)}", path, f"a list of {count} conditions")
            return [False]
        values = []
        for index, item in enumerate(argument):
            value = self.resolve(item, (*path, index))
            if not isinstance(value, bool) and value is not UNKNOWN:
                self._fault(f"{path[-1]} has {in_message(value)}", (*path, index), "a condition")
            values.append(value is True)
        return values

    def _condition(self, name: Any, path: Path) -> Any:
        return self.condition(name, path)

    # --- faults -----------------------------------------------------------------------------------------------------

    def _misplaced_function(self, name: str, path: Path, *, is_alone: bool) -> str:
        if name in _NOT_EMULATED or name.startswith("Fn::ForEach::"):
            advice = "Write the value itself, or give it as a parameter."
            return self._fault(f"{name} is not emulated", path, advice=advice, not_emulated=True)
        if name in self._functions and not is_alone:
            return self._fault(f"{name} stands beside other keys", path, "a function alone in its object")
        return self._fault(f"unknown function {name!r}", path, advice=did_you_mean(name, self._functions))

    def _fault(
        self, found: str, path: Path, expected: str = "", advice: str = "", *, not_emulated: bool = False
    ) -> str:
        self.faults.append(Fault(found, self._place_of(path), expected, advice, not_emulated))
        return UNKNOWN
