"""
Writes src/livebus/template/resource_types.txt: what Ref and Fn::GetAtt give for every resource type that cfn-lint knows.

Run it after each upgrade of cfn-lint: ``python tools/resource_types.py``. The file is read by ``livebus.template.resource_types``;
the package itself does not need cfn-lint. Each line is a type, the property or attribute whose value Ref gives (``-`` where
the type's identifier has several parts), and the names that Fn::GetAtt takes, parted by blanks. Names of more than two
steps are left out: they are of no use but to be told apart, and most of the file.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

_FILE = Path(__file__).parents[1] / "src" / "livebus" / "template" / "resource_types.txt"
_REGION = "us-east-1"


def main() -> None:
    lines = [f"# From the resource schemas of cfn-lint {version('cfn-lint')}, by tools/resource_types.py."]
    for kind in sorted(PROVIDER_SCHEMA_MANAGER.get_resource_types(_REGION)):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(_REGION, kind)
        parts = [str(path).rsplit("/", 1)[-1] for path in schema.schema.get("primaryIdentifier", ())]
        attributes = sorted({str(name) for name in schema.get_atts if str(name).count(".") < 2})
        lines.append(" ".join([kind, parts[0] if len(parts) == 1 else "-", *attributes]))
    _FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{_FILE.name}: {len(lines) - 1} types\n")


if __name__ == "__main__":
    main()
