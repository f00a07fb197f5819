"""
Tells the rules of a named time zone at a moment: the engine that runs the code has none.

In: an IANA name and a moment in epoch milliseconds. Out: the offset in seconds east of UTC and the zone's abbreviation.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def zone_at(name: str, millis: float, *, local: bool) -> dict[str, Any] | None:
    """
    The zone's ``offset`` and ``name`` at a moment, or None for a name that is no zone.

    ``local`` says that ``millis`` counts on the zone's own clock; of a time that the clock shows twice, the earlier.
    """
    try:
        zone = ZoneInfo(name)
        moment = _EPOCH + timedelta(milliseconds=millis)
        shown = moment.replace(tzinfo=zone) if local else moment.astimezone(zone)
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return None
    offset = shown.utcoffset() or timedelta()
    return {"offset": int(offset.total_seconds()), "name": shown.tzname() or name}
