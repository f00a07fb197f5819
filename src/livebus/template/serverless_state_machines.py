"""
Expands AWS::Serverless::StateMachine into the plain resources that the SAM transform makes of it.

In: a template in long form. Out: the same with AWS::StepFunctions::StateMachine, its role, and for each event of type
EventBridgeRule or CloudWatchEvent a rule whose target is the state machine, with the role that starts it, under the logical
ids that SAM gives them.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from livebus.errors import Fault
from livebus.template.document import Document, Path
from livebus.template.properties import shown
from livebus.template.serverless_expansion import Expansion, expand

TYPE = "AWS::Serverless::StateMachine"
_RULE_EVENTS = ("EventBridgeRule", "CloudWatchEvent")
_AS_IT_IS = {
    "Definition": "Definition",
    "DefinitionSubstitutions": "DefinitionSubstitutions",
    "Logging": "LoggingConfiguration",
    "Name": "StateMachineName",
    "Role": "RoleArn",
    "Tracing": "TracingConfiguration",
    "Type": "StateMachineType",
}
# Of rules, by SAM's names.
_RULE_MEMBERS = {"Pattern": "EventPattern", "EventBusName": "EventBusName", "RuleName": "Name", "State": "State"}


def state_machines_expanded(document: Document) -> Document:
    """A template without serverless state machines; the template itself where it has none."""
    return expand(document, (TYPE,), lambda *one: _StateMachine(*one).resources())


def _names_queue(letters: Any) -> bool:
    """Whether a DeadLetterConfig has an ARN, or is nothing that could: that is told where rules are read."""
    return not isinstance(letters, dict | None) or "Arn" in (letters or {})


class _StateMachine(Expansion):
    """One state machine."""

    def resources(self) -> Iterator[tuple[str, Any]]:
        given = self._given
        properties = {name: given[source] for source, name in _AS_IT_IS.items() if source in given}
        if "Role" not in given:
            yield self._role(f"{self._id}Role", "states.amazonaws.com", [])
            properties["RoleArn"] = {"Fn::GetAtt": [f"{self._id}Role", "Arn"]}
        kind = "AWS::StepFunctions::StateMachine"
        yield self._id, {"Type": kind, **self._attributes, "Properties": properties}
        events = given.get("Events")
        for name, event in (events if isinstance(events, dict) else {}).items():
            yield from self._event(name, event)

    def _event(self, name: str, event: Any) -> Iterator[tuple[str, Any]]:
        path: Path = (*self._root, "Events", name)
        kind = event.get("Type") if isinstance(event, dict) else None
        properties = event.get("Properties") if isinstance(event, dict) else None
        if not isinstance(kind, str):
            self._faults.append(
                Fault(f"event {name!r} is {shown(event)}", self._document.place(path), "an object with a Type")
            )
        elif kind in _RULE_EVENTS:
            yield from self._rule(name, properties if isinstance(properties, dict) else {}, path)

    def _rule(self, name: str, given: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
        rule, below = f"{self._id}{name}", (*path, "Properties")
        if "Pattern" not in given:
            self._faults.append(Fault(f"event {name!r} has no Pattern", self._document.place(path)))
        at: Path = ("Resources", rule, "Properties")
        properties: dict[str, Any] = {}
        for source, target in _RULE_MEMBERS.items():
            if source in given:
                properties[target] = given[source]
                self._places.move((*below, source), (*at, target))
        own = given.get("Target")
        target_id = own.get("Id") if isinstance(own, dict) else None
        started: dict[str, Any] = {
            "Arn": {"Ref": self._id},
            "Id": target_id or f"{rule}StepFunctionsTarget",
            "RoleArn": {"Fn::GetAtt": [f"{rule}Role", "Arn"]},
        }
        for member in ("Input", "InputPath", "InputTransformer", "RetryPolicy", "DeadLetterConfig"):
            if member in given and (member != "DeadLetterConfig" or _names_queue(given[member])):
                started[member] = given[member]
                self._places.move((*below, member), (*at, "Targets", 0, member))
        properties["Targets"] = [started]
        self._places.setdefault(("Resources", rule), self._start(path))
        yield rule, {"Type": "AWS::Events::Rule", **self._condition(), "Properties": properties}
        starts = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": {"Ref": self._id}}
        yield self._role(f"{rule}Role", "events.amazonaws.com", [starts])

    def _role(self, name: str, service: str, statements: list[Any]) -> tuple[str, Any]:
        trust = {"Effect": "Allow", "Principal": {"Service": [service]}, "Action": ["sts:AssumeRole"]}
        properties: dict[str, Any] = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
        if statements:
            document = {"Version": "2012-10-17", "Statement": statements}
            properties["Policies"] = [{"PolicyName": f"{name}StartExecutionPolicy", "PolicyDocument": document}]
        self._places.setdefault(("Resources", name), self._start(self._root[:2]))
        return name, {"Type": "AWS::IAM::Role", **self._condition(), "Properties": properties}
