"""The files of a new application, with names and fields of many shapes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from livebus.cli import shipped
from livebus.new import application, read_naming
from livebus.schema.scalars import SCALARS
from livebus.testing import LocalLine
from livebus.validate.project import Project
from livebus.validate.validation import Options, Validation

ALL_TYPES = [f"a{scalar}:{scalar}!" for scalar in SCALARS] + [f"b{scalar}:[{scalar}]" for scalar in SCALARS]


def written(folder: Path, event: str = "", fields: list[str] | None = None, source: str = "", stack: str = "") -> Path:
    naming = read_naming(event, fields or [], source, stack)
    shipped.write(application(naming, shipped.shipped()), folder)
    return folder


def test_without_names_it_is_the_shipped_one(tmp_path: Path) -> None:
    """Character for character."""
    folder = written(tmp_path)
    for name, text in shipped.shipped().items():
        if name != "events/sample.json":
            assert (folder / name).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("event", "fields", "source"),
    [
        ("", [], ""),
        ("OrderPlaced", [], "my.shop"),
        ("", ["orderId:ID!"], ""),
        ("OrderPlaced", ["orderId:ID!", "total:Float!"], "a shop: \"#1\" & 'co' {{x}} ${y}"),
        ("No", ["on:ID!", "null:Int", "publishMsgFromEB:String!", "msg:String!"], "no"),
        ("PublishMsgFromEB", ["onPublishMsgFromEb:Boolean!"], ""),
        ("Everything", ALL_TYPES, ""),
    ],
)
def test_it_validates_clean(tmp_path: Path, event: str, fields: list[str], source: str) -> None:
    """No finding, the sample arrives as it is, and what must not arrive does not."""
    folder = written(tmp_path, event, fields, source, "shop")
    options = Options(now=datetime.now(UTC), undelivered=(folder / "events" / "undelivered",))
    report = Validation(Project(folder / "template.yaml"), options).run()
    assert [str(finding.fault) for finding in report.findings if finding.check.severity != "note"] == []
    assert [(each.file.rsplit("/", 1)[-1], each.as_expected) for each in report.events] == [
        ("sample.json", True),
        ("other-source.json", True),
        (f"without-{fields[0].split(':')[0] if fields else 'msg'}.json", True),
    ]


def test_subscribers_receive_every_field(tmp_path: Path) -> None:
    """As the event has it, of every type."""
    folder = written(tmp_path, "Everything", ALL_TYPES, "", "shop")
    test = (folder / "tests" / "test_everything.py").read_text(encoding="utf-8")
    found = re.search(r'SUBSCRIPTION = """\n(.*)\n"""', test)
    assert found is not None
    event = json.loads((folder / "events" / "sample.json").read_text(encoding="utf-8"))
    line = LocalLine.from_template(folder / "template.yaml")
    user = line.subscribe(found[1])
    line.publish(event)
    assert user.messages == [{"data": {"onEverything": event["detail"]}}]


def test_nothing_of_the_sample_is_left(tmp_path: Path) -> None:
    """Its names stand nowhere in an application of other names."""
    folder = written(tmp_path, "OrderPlaced", ["orderId:ID!"], "my.shop", "shop")
    texts = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()
    }
    sample = re.compile(r"msgFromEB|sample\.source|\bmsg\b|\"livebus\"", re.IGNORECASE)
    assert {name: found for name, text in texts.items() if (found := sample.findall(text))} == {}
    assert sorted(texts) == [
        ".cfnlintrc",
        ".github/workflows/ci.yml",
        ".gitignore",
        "README.md",
        "cfn_lint_rules/livebus_rules.py",
        "events/sample.json",
        "events/undelivered/other-source.json",
        "events/undelivered/without-orderId.json",
        "resolvers/publishOrderPlaced.js",
        "samconfig.toml",
        "schema.graphql",
        "template.yaml",
        "tests/test_order_placed.py",
    ]
