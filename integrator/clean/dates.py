"""Days and instants. A day without an offset is a Korean day (feed guides, common rule 1)."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from integrator import issues as codes
from integrator.clean.plain import is_empty
from integrator.clean.reading import Reading, make_issue
from integrator.listing import Grain, Moment

# Korea has had no summer time since 1988.
KOREA = timezone(timedelta(hours=9), "KST")
# What a trade platform can mean by the day of a listing, and what a firm by the year it was founded.
_YEARS_OF_LISTINGS = range(1970, 2100)
_YEARS_OF_FIRMS = range(1800, 2100)

_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_LOOSE = re.compile(r"([0-9]{4})(?: ?[년./-] ?([0-9]{1,2})(?: ?[월./-] ?([0-9]{1,2}) ?[일.]?)?)? ?[년월.]?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})?")


def read_day(raw: object, *, field: str) -> Reading[Moment | None]:
    """`YYYYMMDD` (text or number), a Korean day: its first instant in UTC. None when empty or impossible."""
    if is_empty(raw):
        return Reading(None)
    return _read_day(_written(raw), field)


@lru_cache(maxsize=8192)
def _read_day(text: str, field: str) -> Reading[Moment | None]:
    parts = _DAY.fullmatch(text)
    day = _date(parts[1], parts[2], parts[3]) if parts else None
    if day is None or day.year not in _YEARS_OF_LISTINGS:
        return Reading(None, (make_issue(codes.DAY_UNREADABLE, field, text),))
    return Reading(Moment(datetime(day.year, day.month, day.day, tzinfo=KOREA).astimezone(UTC), Grain.DAY))


def read_instant(raw: object, *, field: str) -> Reading[Moment | None]:
    """RFC 3339 to the second, in UTC; without an offset it is Korean time. None when empty or impossible."""
    if is_empty(raw):
        return Reading(None)
    text = _written(raw)
    moment = _instant(text)
    if moment is None:
        return Reading(None, (make_issue(codes.DAY_UNREADABLE, field, text),))
    return Reading(Moment(moment, Grain.SECOND))


def _instant(text: str) -> datetime | None:
    if not _INSTANT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    if moment.year not in _YEARS_OF_LISTINGS:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=KOREA)
    return aware.astimezone(UTC).replace(microsecond=0)


def read_loose_day(raw: object, *, field: str) -> Reading[str | None]:
    """The day or year a firm was founded, as fine as it is given: `2015`, `20150920`, `1999.8.1`, `2024년7월2일`.

    ISO text: "2015", "2015-09" or "2015-09-20".
    """
    if is_empty(raw):
        return Reading(None)
    text = _written(raw)
    parts = _COMPACT.fullmatch(text) or _LOOSE.fullmatch(text)
    found = _as_fine_as_given(parts) if parts else None
    if found is None:
        return Reading(None, (make_issue(codes.DAY_UNREADABLE, field, text),))
    return Reading(found)


def _as_fine_as_given(parts: re.Match[str]) -> str | None:
    day = _date(parts[1], parts[2] or "1", parts[3] or "1")
    if day is None or day.year not in _YEARS_OF_FIRMS:
        return None
    if parts[2] is None:
        return f"{day:%Y}"
    return f"{day:%Y-%m}" if parts[3] is None else day.isoformat()


def korean_day(moment: datetime) -> str:
    """`YYYYMMDD` in Korea at an aware time."""
    return f"{moment.astimezone(KOREA):%Y%m%d}"


def _written(raw: object) -> str:
    return str(raw).strip()[:40] if isinstance(raw, str | int) else ""


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
