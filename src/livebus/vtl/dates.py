"""
Writes and reads moments in the formats of java.time.format.DateTimeFormatter, with English names.

In: epoch milliseconds, a format, an IANA zone or an offset like ``+09:00``. What of Java's letters is not there is refused
by its name. https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatter.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = tuple(calendar.month_name)[1:]
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PIECES = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z]")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?")
_ISO8601 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)", re.ASCII
)
_MILLISECOND = timedelta(milliseconds=1)


class InvalidTime(ValueError):
    """A time, a format or a zone that cannot be read."""


_Piece = tuple[str, int, str]  # the letter and how often it stands there, or "'" and a literal text


def _pieces(pattern: str) -> list[_Piece]:
    found: list[_Piece] = []
    for match in _PIECES.finditer(pattern):
        written, letter = match[0], match[1]
        if letter is not None:
            found.append((letter, len(written), ""))
        elif written == "''":
            found.append(("'", 1, "'"))
        elif written[0] == "'" and len(written) > 1:
            found.append(("'", 1, written[1:-1].replace("''", "'")))
        elif written in "[]{}#":
            raise InvalidTime(f"'{written}' in the date format {pattern!r} is not emulated")
        else:
            found.append(("'", 1, written))
    return found


def _unknown(letter: str) -> InvalidTime:
    return InvalidTime(f"The letter '{letter}' of a date format is not emulated")


# --- zones ----------------------------------------------------------------------------------------------------------


def _offset_of(written: str) -> int | None:
    """Seconds east of UTC that a text like +09:00, -0330 or Z names; None for anything else."""
    if written in ("Z", "UTC", "GMT"):
        return 0
    match = _OFFSET.fullmatch(written)
    if match is None:
        return None
    seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60
    return -seconds if match[1] == "-" else seconds


def _zone_at(zone: str, moment: datetime, *, local: bool) -> tuple[int, str]:
    """Offset and abbreviation of a zone at a moment, or at a time of its own clock (of two such times, the earlier)."""
    offset = _offset_of(zone)
    if offset is not None:
        return offset, zone
    try:
        rules = ZoneInfo(zone)
        shown = moment.replace(tzinfo=rules) if local else moment.astimezone(rules)
        found = shown.utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        raise InvalidTime(f"Unknown time-zone ID: {zone}") from None
    return int(found.total_seconds()) if found else 0, shown.tzname() or zone


def _offset_text(seconds: int, count: int, zero: str | None) -> str:
    if seconds == 0 and zero is not None:
        return zero
    size = abs(seconds)
    minutes = f"{size // 60 % 60:02}"
    hours = f"{'-' if seconds < 0 else '+'}{size // 3600:02}"
    if count == 1:
        return hours + ("" if minutes == "00" else minutes)
    return hours + (":" if count % 2 == 1 else "") + minutes


# --- writing --------------------------------------------------------------------------------------------------------


def _moment(millis: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=millis)
    except OverflowError:
        raise InvalidTime(f"{millis} milliseconds are beyond the years 1 to 9999") from None


def iso8601(millis: int) -> str:
    """A moment in UTC, as ``2018-02-06T19:01:35.750Z``."""
    moment = _moment(millis)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z".rjust(24, "0")


_NUMBERS: dict[str, Callable[[datetime], int]] = {
    "y": lambda at: at.year,
    "u": lambda at: at.year,
    "d": lambda at: at.day,
    "D": lambda at: at.timetuple().tm_yday,
    "H": lambda at: at.hour,
    "k": lambda at: at.hour or 24,
    "K": lambda at: at.hour % 12,
    "h": lambda at: at.hour % 12 or 12,
    "m": lambda at: at.minute,
    "s": lambda at: at.second,
    "A": lambda at: (at - at.replace(hour=0, minute=0, second=0, microsecond=0)) // _MILLISECOND,
    "n": lambda at: at.microsecond // 1000 * 1_000_000,
}


@dataclass(frozen=True, slots=True)
class _Zone:
    """A zone at a moment: its id, seconds east of UTC, its abbreviation."""

    id: str
    offset: int
    name: str


def _named(name: str, count: int) -> str:
    return name[0] if count >= 5 else name if count == 4 else name[:3]


def formatted(millis: int, pattern: str, zone: str = "UTC") -> str:
    """A moment in a format, on the clock of a zone. Raises InvalidTime."""
    moment = _moment(millis)
    offset, name = _zone_at(zone, moment, local=False)
    try:
        at = moment + timedelta(seconds=offset)
    except OverflowError:
        raise InvalidTime(f"{millis} milliseconds are beyond the years 1 to 9999") from None
    return "".join(
        literal if letter == "'" else _written(at, _Zone(zone, offset, name), letter, count)
        for letter, count, literal in _pieces(pattern)
    )


def _written(at: datetime, zone: _Zone, letter: str, count: int) -> str:
    if letter in "ML":
        return f"{at.month:0{count}}" if count < 3 else _named(_MONTHS[at.month - 1], count)
    if letter == "E":
        return _named(_DAYS[at.weekday()], max(count, 3))
    if letter == "a":
        return "AM" if at.hour < 12 else "PM"
    if letter == "S":
        return f"{at.microsecond // 1000:03}000000"[:count]
    if letter in "XxZzV":
        return _zone_text(zone, letter, count)
    if letter not in _NUMBERS:
        raise _unknown(letter)
    if letter in "yu" and count == 2:
        return f"{at.year % 100:02}"
    return f"{_NUMBERS[letter](at):0{min(count, 19)}}"


def _zone_text(zone: _Zone, letter: str, count: int) -> str:
    if letter in "zV":
        return zone.name if letter == "z" else zone.id
    if letter in "Xx":
        return _offset_text(zone.offset, count, "Z" if letter == "X" else None)
    if count == 4:
        return "GMT" + _offset_text(zone.offset, 3, "")
    return _offset_text(zone.offset, 3 if count == 5 else 2, "Z" if count == 5 else None)


# --- reading --------------------------------------------------------------------------------------------------------


def _is_number(piece: _Piece) -> bool:
    letter, count, _ = piece
    return letter in _NUMBERS or letter == "S" or (letter in "ML" and count < 3)


def _reader(piece: _Piece, following: _Piece | None) -> str:
    """What a piece of a format reads, as the group of a regular expression."""
    letter, count, literal = piece
    if letter == "'":
        return re.escape(literal)
    if letter in "Ea" or (letter in "ML" and count >= 3):
        return "([A-Za-z]+)"
    if letter in "XxZ":
        return r"(Z|(?:GMT)?[+-]\d{2}(?::?\d{2})?)"
    if letter in "Vz":
        return r"([A-Za-z][A-Za-z0-9_+/-]*|[+-]\d{2}:?\d{2})"
    if not _is_number(piece):
        raise _unknown(letter)
    # A number of one letter reads as many digits as there are, unless another number follows at once.
    return r"(\d+)" if count == 1 and (following is None or not _is_number(following)) else rf"(\d{{{min(count, 19)}}})"


def _month(written: str) -> int:
    names = [name[:3].lower() for name in _MONTHS]
    short = written[:3].lower()
    return names.index(short) + 1 if short in names else 0


def parsed(written: str, pattern: str, zone: str | None = None) -> int:
    """The epoch milliseconds of a text in a format; ``zone`` where the text names none. Raises InvalidTime."""
    pieces = _pieces(pattern)
    following = [*pieces[1:], None]
    source = "".join(_reader(piece, after) for piece, after in zip(pieces, following, strict=True))
    match = re.compile(source, re.IGNORECASE | re.ASCII).fullmatch(written) if len(written) <= 1_000 else None
    if match is None:
        raise InvalidTime(f"Text {written[:80]!r} could not be parsed with the format {pattern[:80]!r}")
    fields = {"y": 1970, "M": 1, "d": 1, "H": 0, "m": 0, "s": 0, "S": 0}
    half = own = None
    values = iter(match.groups())
    for letter, count, _ in pieces:
        if letter == "'":
            continue
        value = next(values)
        if letter == "a":
            half = value.upper()
        elif letter in "XxZVz":
            own = "Z" if value.upper() == "Z" else value
        elif letter in "ML" and count >= 3:
            fields["M"] = _month(value)
        elif letter != "E":
            name, number = _field(letter, count, value)
            fields[name] = number
    if half == "PM":
        fields["H"] += 12
    return _assembled(written, fields, own, zone)


def _field(letter: str, count: int, value: str) -> tuple[str, int]:
    """The field that a number belongs to, and what it says there."""
    number = int(value[:19])
    if letter in "yu":
        return "y", 2000 + number if count == 2 else number
    if letter in "HkhK":
        return "H", number % (24 if letter in "Hk" else 12)
    if letter in "SnA":
        return "S", int((value + "00")[:3]) if letter == "S" else number // 1_000_000 if letter == "n" else number
    return {"L": "M", "D": "d"}.get(letter, letter), number


def _assembled(written: str, fields: dict[str, int], own: str | None, zone: str | None) -> int:
    try:
        if not 1 <= fields["M"] <= 12 or fields["H"] > 23 or fields["m"] > 59 or fields["s"] > 59:
            raise InvalidTime(f"Text {written[:80]!r} could not be parsed: a value is out of range")
        local = datetime(fields["y"], fields["M"], 1, fields["H"], fields["m"], fields["s"], tzinfo=UTC)
        local += timedelta(days=fields["d"] - 1, milliseconds=fields["S"])
    except (ValueError, OverflowError):
        raise InvalidTime(f"Text {written[:80]!r} could not be parsed: a value is out of range") from None
    if own is None and zone is None:
        raise InvalidTime(f"Text {written[:80]!r} names no time zone, and none was given")
    offset, _ = _zone_at(own or zone or "UTC", local, local=True)
    return (local - _EPOCH) // _MILLISECOND - offset * 1000


def parsed_iso8601(written: str) -> int:
    """The epoch milliseconds of a text like ``2018-02-01T17:21:05.180+08:00``. Raises InvalidTime."""
    match = _ISO8601.fullmatch(written)
    if match is None:
        raise InvalidTime(f"Text {written[:80]!r} could not be parsed as ISO 8601")
    year, month, day, hour, minute = (int(match[group]) for group in range(1, 6))
    fields = {"y": year, "M": month, "d": day, "H": hour, "m": minute, "s": int(match[6] or 0)}
    fields["S"] = int(((match[7] or "0") + "00")[:3])
    return _assembled(written, fields, match[8], None)
