"""The public page of runs: what was read of each platform and when, in counts; no reasons, no names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, g, make_response, render_template

from integrator.record import Lane
from integrator.store.feeds import load_states
from integrator.store.runs import REPLAY, RunState, list_runs
from web import i18n
from web.buyers.status import Reading, list_readings
from web.i18n import gettext
from web.parts import parts
from web.views import now
from web.wiring import PLATFORMS

# The newest of each platform; older ones say nothing to a buyer.
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One run in words and counts. `tone` and `icon` repeat what `state` says."""

    lane: str
    state: str
    tone: str
    icon: str
    began: datetime
    took: str  # "" while it is under way
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A platform's lanes against their targets, and its newest runs."""

    platform: str
    readings: list[Reading]
    rows: list[Row]


def show_runs() -> Response:
    """`GET /<lang>/runs`."""
    at = now()
    with parts().wiring.database.read() as connection:
        states = load_states(connection, PLATFORMS, now=at.timestamp())
        runs = {name: list_runs(connection, platform=name, limit=_SHOWN) for name in PLATFORMS}
    feeds = [
        Feed(state.feed.platform, list_readings(state, at), [_row(dict(run)) for run in runs[state.feed.platform]])
        for state in states
    ]
    response = make_response(render_template("buyers/runs.html", feeds=feeds, counted=_list_counted()))
    response.headers["Cache-Control"] = "public, max-age=15"
    return response


def _list_counted() -> list[str]:
    """What `Row.counts` counts, in its order."""
    return [
        gettext("Listings read"),
        gettext("New"),
        gettext("Changed"),
        gettext("Removed"),
        gettext("Not usable"),
        gettext("Waiting"),
    ]


def _row(run: Mapping[str, Any]) -> Row:
    state, tone, icon = _say_state(RunState(run["state"]))
    took = i18n.span(round(run["ended_at"] - run["started_at"]), g.lang) if run["ended_at"] else ""
    counts = tuple(run[name] for name in ("seen", "new", "changed", "withdrawn", "rejected", "held"))
    return Row(_say_lane(run["lane"]), state, tone, icon, i18n.at(run["started_at"]), took, counts)


def _say_lane(lane: str) -> str:
    words = {
        Lane.CHANGES.value: gettext("Changes"),
        Lane.CENSUS.value: gettext("Full reading"),
        Lane.DETAIL.value: gettext("Details"),
        REPLAY: gettext("Kept records read again"),
    }
    return words[lane]


def _say_state(state: RunState) -> tuple[str, str, str]:
    """A word, a tone (good, warn, bad) and an icon."""
    words = {
        RunState.SUCCEEDED: (gettext("Complete"), "good", "check"),
        RunState.RUNNING: (gettext("Being read now"), "good", "sync"),
        RunState.QUEUED: (gettext("Goes on soon"), "good", "clock"),
        RunState.HELD: (gettext("Partly waiting"), "warn", "pause"),
        RunState.INCOMPLETE: (gettext("Not complete"), "warn", "warn"),
        RunState.CANCELLED: (gettext("Stopped"), "warn", "pause"),
        RunState.LOST: (gettext("Broken off"), "warn", "warn"),
        RunState.FAILED: (gettext("Failed"), "bad", "warn"),
    }
    return words[state]
