"""What a template asks other stacks for."""

from __future__ import annotations

from livebus.template.imports import Imports, Missing, exported, is_elsewhere
from livebus.template.values import is_opaque


def test_a_value_is_seen_once_it_is_there() -> None:
    """By the export's name, and by the stack's and the Output's; what was missed is known by name."""
    exports: dict[str, str] = {}
    outputs: dict[str, dict[str, str]] = {}
    imports = Imports(exports, outputs, region="eu-west-1")
    assert imports.value("Bus") == Missing("No export named Bus found.", "There are: none.", exported("Bus"), False)
    assert isinstance(imports.output("Shop", "Bus", "", has_role=False), Missing)
    exports["Bus"], outputs["Shop"] = "orders", {"Bus": "orders"}

    assert imports.value("Bus") == "orders"
    assert imports.output("Shop", "Bus", "", has_role=False) == "orders"
    assert imports.output("Shop", "Bus", "eu-west-1", has_role=False) == "orders"
    assert (imports.imported, imports.asked, imports.missed) == ({"Bus"}, {"Shop"}, {"Bus", "Shop"})


def test_what_another_stack_may_have_is_no_mistake() -> None:
    """A text stands for it that is known to be only known elsewhere."""
    found = Imports({"Bus": "orders"}, {}, region="eu-west-1", assumes=True).value("Buss")

    assert isinstance(found, Missing)
    assert (found.advice, found.is_elsewhere) == ("Did you mean 'Bus'?", True)
    assert is_elsewhere(found.stands_for)
    assert is_opaque(found.stands_for)
    assert not is_elsewhere("{{resolve:ssm:Buss}}")


def test_an_output_elsewhere_is_no_mistake_and_one_that_is_missing_here_is() -> None:
    """Another region, another account; of a stack that is here its Outputs are known."""
    imports = Imports({}, {"Shop": {"Bus": "orders"}}, region="eu-west-1")
    found = [
        imports.output("Shop", "Bus", "us-east-1", has_role=False),
        imports.output("Shop", "Bus", "", has_role=True),
        imports.output("Shop", "Bos", "", has_role=False),
        imports.output("Shoop", "Bus", "", has_role=False),
    ]

    told = [(each.is_elsewhere, each.found, each.advice) for each in found if isinstance(each, Missing)]
    apart = "Stacks of other regions and accounts are not known here."
    assert told == [
        (True, "No output named Bus of stack Shop found.", apart),
        (True, "No output named Bus of stack Shop found.", apart),
        (False, "No output named Bos of stack Shop found.", "Did you mean 'Bus'?"),
        (False, "No output named Bus of stack Shoop found.", "Did you mean 'Shop'?"),
    ]
