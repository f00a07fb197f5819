"""
Shows Livebus's checks to cfn-lint and to ``sam validate --lint``, which import this file by itself (see .cfnlintrc).

What it shows is in livebus.lint. ``scripts/`` is on the path only while that is imported: it holds programs as well, whose
names are not to stand in anybody's way.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

_SOURCES = str(Path(__file__).resolve().parents[2] / "src")

sys.path.insert(0, _SOURCES)
try:
    from livebus import lint
except ImportError as missing:
    # An interpreter without graphql-core, quickjs-ng or tree-sitter, such as a SAM CLI of its own.
    logging.getLogger("cfnlint").warning(
        "Livebus's checks are left out here, as %r is not installed: run python scripts/validate.py", missing.name
    )
else:
    globals().update(lint.rules())
finally:
    sys.path.remove(_SOURCES)
