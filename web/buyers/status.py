"""The public status page: how old each feed is, in words, and whether the index shows what the database has."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, make_response, render_template

from integrator.errors import IndexUnavailable
from integrator.store.catalogue import count_visible
from integrator.store.pulse import Pulse, read_pulses
from integrator.store.runs import RunState
from web import i18n
from web.i18n import gettext
from web.parts import parts
from web.views import now
from web.wiring import PLATFORMS

# A feed that was not read for this many of its own intervals is called old.
_OLD_AFTER = 3


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
    census: datetime | None
    newest: datetime | None
    visible: int
    rejected: int
    held: int


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
        tiles = [_tile(pulse, now()) for pulse in read_pulses(connection, PLATFORMS)]
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


def _tile(pulse: Pulse, at: datetime) -> Tile:
    state, tone, icon, advice = _words(pulse, at)
    return Tile(
        platform=pulse.platform,
        state=state,
        tone=tone,
        icon=icon,
        advice=advice,
        reason=pulse.reason if pulse.state not in (None, RunState.SUCCEEDED, RunState.RUNNING) else "",
        good=_at(pulse.good_at),
        census=_at(pulse.census_at),
        newest=_at(pulse.newest_at),
        visible=pulse.visible,
        rejected=pulse.rejected,
        held=pulse.held,
    )


def _at(seconds: float | None) -> datetime | None:
    return None if seconds is None else i18n.at(seconds)


def _words(pulse: Pulse, at: datetime) -> tuple[str, str, str, str]:
    """State, tone, icon, and what it means for a buyer."""
    if pulse.paused:
        return gettext("Paused"), "warn", "pause", gettext("Its listings stay as they were last read.")
    if pulse.state is None:
        return gettext("Not read yet"), "warn", "clock", gettext("None of its listings are in the catalogue yet.")
    if pulse.state in (RunState.RUNNING, RunState.QUEUED):
        return gettext("Being read now"), "good", "sync", gettext("New and changed listings appear as they are read.")
    if pulse.state is RunState.HELD:
        return (
            gettext("Partly waiting"),
            "warn",
            "pause",
            gettext("New and changed listings are shown. Removals wait until a person has looked at them."),
        )
    if pulse.state is not RunState.SUCCEEDED:
        return (
            gettext("Last reading failed"),
            "bad",
            "warn",
            gettext("Its listings stay as they were last read. The next reading starts by itself."),
        )
    if pulse.good_at is not None and at.timestamp() - pulse.good_at > _OLD_AFTER * pulse.every_s:
        return gettext("Not read for a while"), "warn", "clock", gettext("Its listings stay as they were last read.")
    return gettext("Up to date"), "good", "check", gettext("Everything it offers is in the catalogue.")
