"""
The commands by name, and the verbs of those that have some: what may be typed behind ``livebus``.
"""

from __future__ import annotations

COMMANDS = (
    "new",
    "validate",
    "local",
    "publish",
    "subscribe",
    "outputs",
    "redrive",
    "replay",
    "faults",
    "capacity",
    "demo",
)
VERBS = {
    "redrive": ("list", "show", "publish", "export", "import", "purge"),
    "replay": ("start", "status", "cancel", "list"),
}
# Each that options can be set for, as it is typed.
CALLABLE = tuple(f"{name} {verb}".rstrip() for name in COMMANDS for verb in VERBS.get(name, ("",)))
