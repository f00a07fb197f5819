"""
Text that cannot steer a terminal: every control character, line break and bidirectional control spelled out.
"""

from __future__ import annotations

import json
from typing import Any

# C0, DEL and C1 move the cursor, recolour or retitle; U+2028 and U+2029 break lines; the bidirectional controls make
# a line read in another order than it has; a lone surrogate cannot be written at all.
_UNSAFE = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),
)


_NAMED = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}


_SPELLED = {code: _NAMED.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}") for code in _UNSAFE}


_SPELLED_IN_JSON = {code: f"\\u{code:04x}" for code in _UNSAFE}


def escaped(text: str) -> str:
    """The text on one line, its control characters, line breaks and bidirectional controls spelled out."""
    return text.translate(_SPELLED)


def json_text(value: Any) -> str:
    """The value as JSON on one line: other scripts stay readable, what ``escaped`` spells out JSON spells out too."""
    return json.dumps(value, ensure_ascii=False).translate(_SPELLED_IN_JSON)
