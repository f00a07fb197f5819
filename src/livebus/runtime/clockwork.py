"""What the runtime takes from the machine it runs on, in one place: the time, names for things, chance, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _nobody(_: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Clockwork:
    """
    ``clock`` gives the seconds since 1970, ``new_id`` a new UUID as text, ``random`` a number from 0 to 1 that nobody can
    foretell; ``tell`` prints a line for people.
    """

    clock: Callable[[], float]
    new_id: Callable[[], str]
    random: Callable[[], float]
    tell: Callable[[str], None] = _nobody
