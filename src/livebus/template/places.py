"""
The places of a template's members while transforms make other resources of them: what is moved keeps where it was written.

In: places by their paths. Out: the same, with those of the members that stand elsewhere too.
"""

from __future__ import annotations

from collections.abc import Mapping

from livebus.template.document import Path

# Whatever is below a member that is moved beyond that has the member's own place: what all functions have in common may be
# large, and stands in each.
MAX_PLACES = 1_000_000


class Places(dict[Path, tuple[int, int]]):
    """Line and column by path. Moving takes as long as what is moved is large, however much else there is."""

    def __init__(self, places: Mapping[Path, tuple[int, int]]) -> None:
        super().__init__(places)
        # The paths one step below each, as far as anything has been moved; None until then.
        self._below: dict[Path, dict[Path, None]] | None = None

    def move(self, source: Path, target: Path) -> None:
        """What stands at and below a path stands at another too."""
        if self._below is None:
            self._below = {}
            for path in self:
                self._link(path, self._below)
        found, pending, length = [], [source], len(source)
        while pending:
            path = pending.pop()
            found.append(path)
            if len(self) + len(found) < MAX_PLACES:
                pending += self._below.get(path, ())
        for path in found:
            if path in self:
                moved = (*target, *path[length:])
                self[moved] = self[path]
                self._link(moved, self._below)

    @staticmethod
    def _link(path: Path, below: dict[Path, dict[Path, None]]) -> None:
        while path:
            beside = below.setdefault(path[:-1], {})
            if path in beside:
                return
            beside[path] = None
            path = path[:-1]
