"""
Failures on purpose: what fails, how often, and how. A decision without chance of its own: that is an argument.

In: texts such as ``throttle=0.1,seed=7``. Out: for each request, entry or attempt, the fault that hits it, or none.
What AWS answers with when it throttles or breaks is documented; how often is yours to say.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from livebus.errors import Fault, LivebusError, did_you_mean
from livebus.numerals import decimal, whole

# On the way from a publisher to the bus. Names, and what they do.
OF_REQUESTS = {
    "throttle": "PutEvents answers HTTP 400 ThrottlingException",
    "error": "PutEvents answers HTTP 500 InternalFailure",
    "unavailable": "PutEvents answers HTTP 503 ServiceUnavailable",
    "reset": "the connection is reset before the events are taken",
    "reset-after": "the events are taken, then the connection is reset",
    "slow": "the answer waits (seconds=1)",
}
OF_ENTRIES = {"partial": "each entry may fail by itself with ThrottlingException, inside an HTTP 200"}
# Between the bus and its targets: what leads to retries, and to the dead-letter queue.
OF_TARGETS = {
    "target-throttle": "AppSync answers HTTP 429: tried again",
    "target-error": "AppSync answers HTTP 500: tried again",
    "target-timeout": "AppSync does not answer: tried again",
    "target-lost-answer": "the mutation runs, its answer is lost: tried again, so that subscribers get it twice",
    "target-denied": "AppSync answers HTTP 403: to the dead-letter queue at once",
}
KINDS = {**OF_REQUESTS, **OF_ENTRIES, **OF_TARGETS}
_OPTIONS = ("seed", "seconds", "target")
_DEFAULT_SECONDS = 1.0
_MOST_SECONDS = 300.0

Chance = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Injection:
    """
    A fault that is switched on: its ``kind``, and the probability from 0 to 1 that it hits.

    ``seed`` makes the same run hit in the same places; ``seconds`` are those of ``slow``; ``target`` is the Id of the
    only target that is meant, empty for all.
    """

    kind: str
    probability: float
    seed: int | None = None
    seconds: float = _DEFAULT_SECONDS
    target: str = ""

    def __str__(self) -> str:
        options = f"{self.kind}={self.probability:g}"
        if self.seed is not None:
            options += f",seed={self.seed}"
        if self.kind == "slow":
            options += f",seconds={self.seconds:g}"
        return f"{options},target={self.target}" if self.target else options


def read_injection(text: str) -> Injection:
    """Read ``NAME=PROBABILITY[,seed=N][,seconds=S][,target=ID]``. Raises LivebusError."""
    head, *options = text.split(",")
    kind, _, probability = head.partition("=")
    if kind not in KINDS:
        raise LivebusError(
            f"no fault {kind!r}", expected=f"one of {', '.join(KINDS)}", advice=did_you_mean(kind, KINDS)
        )
    values: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if name not in _OPTIONS or not equals:
            expected = f"one of {', '.join(f'{each}=' for each in _OPTIONS)}"
            raise LivebusError(f"{kind}: no option {option!r}", expected=expected, advice=did_you_mean(name, _OPTIONS))
        values[name] = value
    if "seconds" in values and kind != "slow":
        raise LivebusError(f"{kind}: seconds goes with slow")
    if "target" in values and kind not in OF_TARGETS:
        raise LivebusError(f"{kind}: target goes with {', '.join(OF_TARGETS)}")
    return Injection(
        kind,
        _number(kind, "probability", probability or "1", 1.0),
        _seed(kind, values["seed"]) if "seed" in values else None,
        _number(kind, "seconds", values["seconds"], _MOST_SECONDS) if "seconds" in values else _DEFAULT_SECONDS,
        values.get("target", ""),
    )


def read_injections(texts: Iterable[str]) -> tuple[Injection, ...]:
    """Read all of them. Raises LivebusError with the faults of all."""
    found: list[Injection] = []
    faults: list[Fault] = []
    for text in texts:
        try:
            found.append(read_injection(text))
        except LivebusError as error:
            faults += error.faults
    if faults:
        raise LivebusError(faults=faults)
    return tuple(found)


def _number(kind: str, name: str, text: str, most: float) -> float:
    value = decimal(text, most)
    if value is None:
        raise LivebusError(f"{kind}: the {name} is {text!r}", expected=f"a number from 0 to {most:g}")
    return value


def _seed(kind: str, text: str) -> int:
    seed = whole(text, 10**18)
    if seed is None:
        raise LivebusError(f"{kind}: the seed is {text!r}", expected="a whole number")
    return seed


@dataclass(slots=True)
class Faults:
    """
    What is switched on now; all of it may change at any time.

    ``failing_targets`` are Ids of targets that are down, ``latency`` the seconds that each first attempt waits.
    ``chance_of`` makes a source of numbers from 0 to 1 for a seed, None for one that nobody can foresee.
    """

    failing_targets: frozenset[str] = frozenset()
    latency: float = 0.0
    chance_of: Callable[[int | None], Chance] | None = None
    _of_requests: Sequence[tuple[Injection, Chance]] = field(default=())
    _of_entries: Sequence[tuple[Injection, Chance]] = field(default=())
    _of_targets: Sequence[tuple[Injection, Chance]] = field(default=())

    def inject(self, injections: Iterable[Injection]) -> None:
        """Switch these on, and all others off; seeds begin anew."""
        given = list(injections)
        if given and self.chance_of is None:
            raise AssertionError("faults need a source of chance")
        drawn = [(each, self.chance_of(each.seed)) for each in given if self.chance_of is not None]
        self._of_requests = [pair for pair in drawn if pair[0].kind in OF_REQUESTS]
        self._of_entries = [pair for pair in drawn if pair[0].kind in OF_ENTRIES]
        self._of_targets = [pair for pair in drawn if pair[0].kind in OF_TARGETS]

    @property
    def injections(self) -> list[Injection]:
        return [each for pairs in (self._of_requests, self._of_entries, self._of_targets) for each, _ in pairs]

    @property
    def any_of_requests(self) -> bool:
        return bool(self._of_requests)

    def of_request(self) -> tuple[float, Injection | None]:
        """What hits a PutEvents request: seconds that it waits, and the first fault that does."""
        wait, hit = 0.0, None
        for each, chance in self._of_requests:
            # Each draws, whatever the others did: a seed's hits do not depend on them.
            if chance() < each.probability:
                if each.kind == "slow":
                    wait += each.seconds
                else:
                    hit = hit or each
        return wait, hit

    def failing_entries(self, count: int) -> frozenset[int]:
        """Which of a request's entries fail by themselves."""
        if not self._of_entries:
            return frozenset()
        return frozenset(
            index for each, chance in self._of_entries for index in range(count) if chance() < each.probability
        )

    def of_attempt(self, target_id: str) -> Injection | None:
        """What hits an attempt at a target."""
        hit = None
        for each, chance in self._of_targets:
            if each.target in ("", target_id) and chance() < each.probability:
                hit = hit or each
        return hit
