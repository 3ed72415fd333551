"""The public status page: how old each feed is, in words, and whether the index shows what the database has."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, g, make_response, render_template

from integrator.errors import IndexUnavailable
from integrator.record import Lane
from integrator.store.allowances import Allowance, load_allowances
from integrator.store.catalogue import count_visible
from integrator.store.feeds import FeedState
from integrator.store.pulse import Pulse, read_pulses
from integrator.store.runs import RunState
from integrator.sync.lanes import freshness_target_s, is_late, list_lanes
from web import i18n
from web.i18n import gettext
from web.parts import parts
from web.views import now
from web.wiring import PLATFORMS


@dataclass(frozen=True, slots=True)
class Reading:
    """One lane's last good reading against how old it may be, in words."""

    label: str
    at: datetime | None
    target: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class Calls:
    """How the platform may be called, in words; "" for what there is nothing to say of."""

    used: str
    anew: str  # how long until they are counted anew
    banned: str  # how much longer it asked us to wait
    resting: datetime | None  # since when it is left alone after failures


@dataclass(frozen=True, slots=True)
class Tile:
    """One feed in words. `tone` (good, warn, bad) and `icon` repeat what `state` says."""

    platform: str
    state: str
    tone: str
    icon: str
    advice: str
    reason: str  # the run's own sentence, in English
    good: datetime | None
    readings: list[Reading]
    newest: datetime | None
    visible: int
    rejected: int
    held: int
    calls: Calls


@dataclass(frozen=True, slots=True)
class Agreement:
    """Documents in the index against products in the database; `problem` when the index cannot be read."""

    products: int
    documents: int | None
    problem: str | None

    @property
    def missing(self) -> int:
        """How many products the index lacks or has too many of."""
        return abs(self.products - (self.documents or 0))


def show_status() -> Response:
    """`GET /<lang>/status`."""
    with parts().wiring.database.read() as connection:
        pulses = read_pulses(connection, PLATFORMS, now=now().timestamp())
        allowances = load_allowances(connection, PLATFORMS, now=now().timestamp())
        tiles = [_tile(pulse, allowances[pulse.standing.feed.platform], now()) for pulse in pulses]
        products = count_visible(connection)
    page = render_template("buyers/status.html", tiles=tiles, agreement=_agree(products))
    response = make_response(page)
    response.headers["Cache-Control"] = "public, max-age=15"
    return response


def _agree(products: int) -> Agreement:
    try:
        status = parts().wiring.index.status()
    except IndexUnavailable as error:
        return Agreement(products, None, str(error))
    return Agreement(products, None if status.problem else status.documents, status.problem)


def _tile(pulse: Pulse, allowance: Allowance, at: datetime) -> Tile:
    state, tone, icon, advice = _words(pulse, at)
    last, shows_reason = pulse.last, tone in ("warn", "bad")
    return Tile(
        platform=pulse.standing.feed.platform,
        state=state,
        tone=tone,
        icon=icon,
        advice=advice,
        reason=last.reason if last is not None and last.state is not RunState.SUCCEEDED and shows_reason else "",
        good=_at(pulse.standing.feed.changes_at),
        readings=list_readings(pulse.standing, at),
        newest=_at(pulse.newest_at),
        visible=pulse.visible,
        rejected=pulse.rejected,
        held=pulse.held,
        calls=_calls(allowance, at.timestamp()),
    )


def _calls(allowance: Allowance, now: float) -> Calls:
    spent, until = allowance.spent, allowance.banned_until
    used = ""
    if spent is not None:
        numbers = {"used": i18n.number(spent.used, g.lang), "calls": i18n.number(spent.calls, g.lang)}
        used = gettext("%(used)s of %(calls)s", **numbers)
    return Calls(
        used=used,
        anew=i18n.span(round(spent.ends_at - now), g.lang) if spent is not None else "",
        banned=i18n.span(round(until - now), g.lang) if until is not None else "",
        resting=_at(allowance.resting_since),
    )


def list_readings(standing: FeedState, at: datetime) -> list[Reading]:
    """Each lane of a feed against its target."""
    labels = {Lane.CHANGES: gettext("Changes"), Lane.CENSUS: gettext("Full reading"), Lane.DETAIL: gettext("Details")}
    return [
        Reading(
            labels[lane],
            _at(standing.read_at(lane)),
            i18n.span(freshness_target_s(standing, lane), g.lang),
            is_late(standing, lane, at.timestamp()),
        )
        for lane in list_lanes(PLATFORMS[standing.feed.platform].connector)
    ]


def _at(seconds: float | None) -> datetime | None:
    return None if seconds is None else i18n.at(seconds)


def _words(pulse: Pulse, at: datetime) -> tuple[str, str, str, str]:
    """State, tone, icon, and what it means for a buyer."""
    standing, last = pulse.standing, pulse.last
    if standing.feed.paused:
        return gettext("Paused"), "warn", "pause", gettext("Its listings stay as they were last read.")
    if last is None:
        return gettext("Not read yet"), "warn", "clock", gettext("None of its listings are in the catalogue yet.")
    if last.state in (RunState.RUNNING, RunState.QUEUED):
        return gettext("Being read now"), "good", "sync", gettext("New and changed listings appear as they are read.")
    if last.state is RunState.HELD:
        return (
            gettext("Partly waiting"),
            "warn",
            "pause",
            gettext("New and changed listings are shown. Removals wait until a person has looked at them."),
        )
    if last.not_before is not None and last.not_before > at.timestamp():
        return (
            gettext("Waiting for the platform"),
            "warn",
            "clock",
            gettext("Its listings stay as they were last read. The reading goes on by itself."),
        )
    if last.state is not RunState.SUCCEEDED:
        return (
            gettext("Last reading failed"),
            "bad",
            "warn",
            gettext("Its listings stay as they were last read. The next reading starts by itself."),
        )
    if is_late(standing, Lane.CHANGES, at.timestamp()):
        return gettext("Not read for a while"), "warn", "clock", gettext("Its listings stay as they were last read.")
    return gettext("Up to date"), "good", "check", gettext("Everything it offers is in the catalogue.")
