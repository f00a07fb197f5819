"""
The assertions of a template's Rules section, which CloudFormation holds parameters against before it makes anything.

In: the section, the parameters with their values. Out: a fault for each assertion that does not hold, in the words of its
AssertDescription. What hangs on a value that is not known here (of Systems Manager, or assumed) is not judged. Nor is what hangs
on attributes of resources in an account, which is told once; where the rest of a rule decides it, nothing is. AWS shows the
AssertDescription; the words around it are ours.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

from livebus.errors import Fault, did_you_mean, listed
from livebus.template.document import Document, Path
from livebus.template.properties import shown, text_of
from livebus.template.values import UNKNOWN, is_opaque

PAGE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html"
_MEMBERS = ("Assertions", "RuleCondition")
_OF_ASSERTIONS = ("Assert", "AssertDescription")
_MAX_DEPTH = 50
# The attributes that AWS lists, by the types of parameters; of a tag it is Tags. and the tag's key.
_ATTRIBUTES = {
    "AWS::EC2::SecurityGroup::Id": (),
    "AWS::EC2::Subnet::Id": ("AvailabilityZone", "VpcId"),
    "AWS::EC2::VPC::Id": ("DefaultNetworkAcl", "DefaultSecurityGroup"),
}
_TAGS = "Tags."
# How alike a name has to be to an attribute's to count as misspelt: AWS may have more of them.
_NEARLY = 0.8


@dataclass(frozen=True, slots=True)
class Given:
    """
    The parameters that rules are about: ``declared`` are the template's, ``values`` theirs and those of pseudo parameters.

    ``assumed`` names those whose value nobody gave.
    """

    declared: Mapping[str, Any]
    values: Mapping[str, Any]
    assumed: Container[str] = ()


def check_rules(document: Document, given: Given) -> list[Fault]:
    """The faults of the section, those for what cannot be evaluated here among them."""
    section = document.body.get("Rules")
    if section is None:
        return []
    if not isinstance(section, dict):
        return [Fault(f"Rules is {shown(section)}", document.place(("Rules",)), "an object")]
    faults: list[Fault] = []
    for name, rule in section.items():
        checking = _Rule(document, name, given)
        checking.check(rule)
        faults += checking.faults
        if checking.hangs_on_account:
            found = f"rule {name!r} asks for attributes of resources in an account, and is not evaluated here"
            faults.append(Fault(found, document.place(("Rules", name)), not_emulated=True))
    return faults


class _Rule:
    """One rule. Values are texts, lists of texts and truth values, or UNKNOWN."""

    def __init__(self, document: Document, name: str, given: Given) -> None:
        self.faults: list[Fault] = []
        self.hangs_on_account = False
        self._asked = False
        self._document = document
        self._path: Path = ("Rules", name)
        self._name = name
        self._declared = given.declared
        self._values = given.values
        self._assumed = given.assumed
        self._functions: dict[str, Callable[[Any, Path], Any]] = {
            "Ref": self._ref,
            "Fn::And": self._and,
            "Fn::Contains": self._contains,
            "Fn::EachMemberEquals": self._each_member_equals,
            "Fn::EachMemberIn": self._each_member_in,
            "Fn::Equals": self._equals,
            "Fn::Not": self._not,
            "Fn::Or": self._or,
            "Fn::RefAll": self._ref_all,
            "Fn::ValueOf": self._value_of,
            "Fn::ValueOfAll": self._value_of_all,
        }

    def check(self, rule: Any) -> None:
        if not isinstance(rule, dict):
            self._fault(f"rule {self._name!r} is {shown(rule)}", self._path, "an object with Assertions")
            return
        self._known_members(rule, self._path, _MEMBERS)
        holds: Any = True
        if "RuleCondition" in rule:
            holds = self._judged(rule["RuleCondition"], (*self._path, "RuleCondition"))
        assertions, path = rule.get("Assertions"), (*self._path, "Assertions")
        if not isinstance(assertions, list) or not assertions:
            what = "has no Assertions" if assertions is None else f"has {shown(assertions)} for Assertions"
            self._fault(f"rule {self._name!r} {what}", self._path, "a list of one or more")
            return
        for index, assertion in enumerate(assertions):
            self._assert(assertion, (*path, index), applies=holds)

    def _judged(self, value: Any, path: Path, *, applies: Any = True) -> Any:
        """The truth of a condition or an assertion; that it hangs on an account is noted, where it does and counts."""
        self._asked = False
        found = self._truth(value, path)
        if found is UNKNOWN and self._asked and applies is not False:
            self.hangs_on_account = True
        return found

    def _assert(self, assertion: Any, path: Path, *, applies: Any) -> None:
        if not isinstance(assertion, dict) or "Assert" not in assertion:
            self._fault(f"an assertion of rule {self._name!r} has no Assert", path, "an object with an Assert")
            return
        self._known_members(assertion, path, _OF_ASSERTIONS)
        judged = self._judged(assertion["Assert"], (*path, "Assert"), applies=applies)
        if judged is False and applies is True:
            described = text_of(assertion.get("AssertDescription"))
            found = f"rule {self._name!r} does not hold: {described or 'an assertion is false'}"
            self._fault(found, path, advice=f"It is about {self._named(assertion['Assert'])}.")

    def _named(self, value: Any) -> str:
        """The parameters that an assertion refers to, for people."""
        names: dict[str, None] = {}
        pending = [value]
        while pending:
            each = pending.pop()
            if isinstance(each, dict):
                name = each.get("Ref")
                if isinstance(name, str):
                    names[name] = None
                pending += each.values()
            elif isinstance(each, list):
                pending += each
        return f"the parameters {listed(list(names))}" if names else "no parameter"

    # --- values -----------------------------------------------------------------------------------------------------

    def _value(self, value: Any, path: Path) -> Any:
        if len(path) > _MAX_DEPTH:
            return self._unknown(f"rule {self._name!r} is nested too deeply", path, f"{_MAX_DEPTH} levels at the most")
        if isinstance(value, list):
            items = [self._value(item, (*path, index)) for index, item in enumerate(value)]
            return UNKNOWN if _is_unknown(*items) else items
        if isinstance(value, dict):
            name, argument = next(iter(value.items()), ("", None))
            function = self._functions.get(name) if len(value) == 1 else None
            if function is None:
                expected = f"one of {', '.join(self._functions)}"
                advice = did_you_mean(name, self._functions) or PAGE
                return self._unknown(f"rule {self._name!r} has {shown(name)}", path, expected, advice)
            return function(argument, (*path, name))
        return value if isinstance(value, bool) else text_of(value)

    def _ref(self, name: Any, path: Path) -> Any:
        if not isinstance(name, str) or name not in self._values:
            advice = did_you_mean(name, self._values) if isinstance(name, str) else ""
            return self._unknown(f"rule {self._name!r} refers to {shown(name)}", path, "a parameter", advice)
        return self._of_parameter(name)

    def _of_parameter(self, name: str) -> Any:
        value = self._values[name]
        if name in self._assumed or is_opaque(value) or (isinstance(value, list) and any(map(is_opaque, value))):
            return UNKNOWN
        return value

    def _ref_all(self, kind: Any, path: Path) -> Any:
        if not isinstance(kind, str):
            return self._unknown(f"Fn::RefAll has {shown(kind)}", path, "a parameter's type")
        found: list[Any] = []
        for name, definition in self._declared.items():
            given = definition.get("Type") if isinstance(definition, dict) else None
            if given in (kind, f"List<{kind}>") and name in self._values:
                value = self._of_parameter(name)
                if value is UNKNOWN:
                    return UNKNOWN
                found += value if isinstance(value, list) else [value]
        return found

    def _value_of(self, argument: Any, path: Path) -> Any:
        """An attribute of the resource that a parameter names: known in the account only."""
        given = self._asked_for(argument, path, "a parameter's name")
        if given is None:
            return UNKNOWN
        name, attribute = given
        if name not in self._declared:
            return self._unknown(
                f"{path[-1]} refers to {shown(name)}", path, "a parameter", did_you_mean(name, self._declared)
            )
        definition = self._declared[name]
        self._check_attribute(attribute, definition.get("Type") if isinstance(definition, dict) else None, path)
        self._asked = True
        return UNKNOWN

    def _value_of_all(self, argument: Any, path: Path) -> Any:
        """That attribute for all parameters of a type; where there are none, it is known to be no value."""
        given = self._asked_for(argument, path, "a parameter's type")
        if given is None:
            return UNKNOWN
        kind, attribute = given
        self._check_attribute(attribute, kind, path)
        types = [each.get("Type") for each in self._declared.values() if isinstance(each, dict)]
        if kind not in types and f"List<{kind}>" not in types:
            return []
        self._asked = True
        return UNKNOWN

    def _check_attribute(self, attribute: str, kind: Any, path: Path) -> None:
        """A fault for a name that is nearly an attribute's, of a parameter's type or of any where that type has none."""
        kind = kind.removeprefix("List<").removesuffix(">") if isinstance(kind, str) else ""
        every = [name for names in _ATTRIBUTES.values() for name in names]
        names = _ATTRIBUTES.get(kind, every)
        if attribute in names or (attribute.startswith(_TAGS) and attribute != _TAGS):
            return
        key = attribute.partition(".")[2]
        known = [*names, f"{_TAGS}{key}" if key else f"{_TAGS}KEY"]
        spelt = {each.lower(): each for each in known}.get(attribute.lower())
        of_tag = known[-1] if attribute in ("Tags", _TAGS) else None
        meant = spelt or of_tag
        advice = f"Did you mean {meant!r}?" if meant else did_you_mean(attribute, known, _NEARLY)
        if advice:
            self._fault(f"{path[-1]} asks for the attribute {shown(attribute)}", (*path, 1), listed(known), advice)

    def _asked_for(self, argument: Any, path: Path, what: str) -> tuple[str, str] | None:
        if isinstance(argument, list) and len(argument) == 2 and all(isinstance(each, str) for each in argument):
            return argument[0], argument[1]
        self._fault(f"{path[-1]} has {shown(argument)}", path, f"a list of {what} and an attribute, texts both of them")
        return None

    # --- truth ------------------------------------------------------------------------------------------------------

    def _truth(self, value: Any, path: Path) -> Any:
        """True, False, or UNKNOWN."""
        found = self._value(value, path)
        if found is UNKNOWN or isinstance(found, bool):
            return found
        if isinstance(found, str) and found.lower() in ("true", "false"):
            return found.lower() == "true"
        return self._unknown(
            f"rule {self._name!r} has {shown(found)} where it has to be true or false", path, "a truth value"
        )

    def _several(self, argument: Any, path: Path) -> list[Any]:
        if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
            self._fault(f"{path[-1]} has {shown(argument)}", path, "a list of 2 to 10")
            return [UNKNOWN]
        return [self._truth(item, (*path, index)) for index, item in enumerate(argument)]

    def _and(self, argument: Any, path: Path) -> Any:
        found = self._several(argument, path)
        return False if False in found else UNKNOWN if UNKNOWN in found else True

    def _or(self, argument: Any, path: Path) -> Any:
        found = self._several(argument, path)
        return True if True in found else UNKNOWN if UNKNOWN in found else False

    def _not(self, argument: Any, path: Path) -> Any:
        if not isinstance(argument, list) or len(argument) != 1:
            return self._unknown(f"Fn::Not has {shown(argument)}", path, "a list of one")
        found = self._truth(argument[0], (*path, 0))
        return found if found is UNKNOWN else not found

    def _pair(self, argument: Any, path: Path, expected: str) -> tuple[Any, Any]:
        if not isinstance(argument, list) or len(argument) != 2:
            return self._unknown(f"{path[-1]} has {shown(argument)}", path, expected), UNKNOWN
        return self._value(argument[0], (*path, 0)), self._value(argument[1], (*path, 1))

    def _equals(self, argument: Any, path: Path) -> Any:
        one, other = self._pair(argument, path, "two values")
        if _is_unknown(one, other):
            return UNKNOWN
        return _text(one) == _text(other)

    def _contains(self, argument: Any, path: Path) -> Any:
        texts, text = self._pair(argument, path, "a list of texts, and a text")
        if _is_unknown(texts, text):
            return UNKNOWN
        return _text(text) in map(_text, _items(texts))

    def _each_member_equals(self, argument: Any, path: Path) -> Any:
        texts, text = self._pair(argument, path, "a list of texts, and a text")
        if _is_unknown(texts, text):
            return UNKNOWN
        return all(_text(each) == _text(text) for each in _items(texts))

    def _each_member_in(self, argument: Any, path: Path) -> Any:
        texts, allowed = self._pair(argument, path, "two lists of texts")
        if _is_unknown(texts, allowed):
            return UNKNOWN
        # By their repr: members may be lists, which no set holds, and there may be many.
        known = {repr(_text(each)) for each in _items(allowed)}
        return all(repr(_text(each)) in known for each in _items(texts))

    # --- faults -----------------------------------------------------------------------------------------------------

    def _known_members(self, body: Mapping[str, Any], path: Path, known: tuple[str, ...]) -> None:
        for member in body:
            if member not in known:
                found = f"rule {self._name!r} has {shown(member)}"
                self._fault(found, (*path, member), f"one of {', '.join(known)}", did_you_mean(member, known))

    def _unknown(self, found: str, path: Path, expected: str = "", advice: str = "") -> Any:
        self._fault(found, path, expected, advice)
        return UNKNOWN

    def _fault(self, found: str, path: Path, expected: str = "", advice: str = "") -> None:
        self.faults.append(Fault(found, self._document.place(path), expected, advice))


def _is_unknown(*values: Any) -> bool:
    """Whether one of these could not be had. UNKNOWN is equal to an empty text, which is a value."""
    return any(value is UNKNOWN for value in values)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> Any:
    """A value as it is compared: truth values as CloudFormation writes them."""
    return text_of(value) if isinstance(value, bool) else value
