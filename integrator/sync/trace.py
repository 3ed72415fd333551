"""One listing's way, step by step: why it is here, or why not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
from sqlalchemy import RowMapping

from integrator.store.database import Database
from integrator.store.readings import Traces, find_traces


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a listing. `at` is POSIX seconds; `what` one word; `text` a sentence."""

    at: float
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A listing's steps in order, and in a sentence where it stands now."""

    platform: str
    external_id: str
    now: str
    steps: tuple[Step, ...]


def trace_listing(database: Database, platform: str, external_id: str) -> Trace:
    """Everything the store knows of this id. Raises UnknownListing."""
    with database.read() as connection:
        rows = find_traces(connection, platform, external_id)
    steps = sorted(_steps(rows), key=lambda step: step.at)
    return Trace(platform, external_id, _say_now(rows), tuple(steps))


def _steps(rows: Traces) -> Iterator[Step]:
    generation = {row["key"]: row["generation"] for row in rows.listings}
    raws = {row["hash"]: row for row in rows.raws}
    yield from (_first_sight(row) for row in rows.listings)
    yield from (_version(row, generation[row["listing_key"]], raws, rows) for row in rows.versions)
    yield from _rejections(rows.rejections)
    for row in rows.withdrawals:
        what = "ended" if row["kind"] == "reused" else "withdrawn"
        follows = f" It was merged into {row['merged_into']}." if row["merged_into"] else ""
        text = f"{row['reason']}{follows} Run {row['run']}, evidence {row['evidence']}."
        yield Step(row["at"], what, text)
    yield from _holds(rows.holds)
    for row in rows.details:
        yield Step(row["read_at"], "detail", "Its detail was read.")
    for row in rows.waiting:
        yield Step(row["marked_at"], "waiting", "Its seller waits to be worked out again: `hanmaru sync` does that.")
    for row in rows.listings:
        yield Step(row["seen_at"], "seen", f"It was last seen by run {row['seen_run']}.")


def _first_sight(row: RowMapping) -> Step:
    again = f" as generation {row['generation']}: its id was used again" if row["generation"] > 1 else ""
    return Step(row["first_seen_at"], "first seen", f"It was seen for the first time{again}.")


def _version(row: RowMapping, generation: int, raws: dict[bytes, RowMapping], rows: Traces) -> Step:
    raw, run = raws.get(row["raw"]), rows.runs.get(row["run"])
    place = f", page {raw['page']}, offset {raw['offset']}" if raw is not None else ", raw record not kept any more"
    lane = f" ({run['lane']})" if run is not None else ""
    text = (
        f"Version {row['version']} of generation {generation} is {row['state']}: run {row['run']}{lane}{place}, "
        f"parser {row['parser_version']}."
    )
    return Step(row["created_at"], "version", text)


def _rejections(rows: Iterable[RowMapping]) -> Iterator[Step]:
    for row in rows:
        reasons = ", ".join(
            f"{reason['code']} in {reason['field'] or 'the record'} ({reason['raw']!r})"
            for reason in msgspec.json.decode(row["reasons"])
        )
        place = f"run {row['first_run']}, page {row['page']}, offset {row['offset']}"
        yield Step(row["first_at"], "rejected", f"A record could not be used: {reasons}; {place}.")
        if row["resolved_at"] is not None:
            yield Step(row["resolved_at"], "usable", "A usable record of it came.")


def _holds(rows: Iterable[RowMapping]) -> Iterator[Step]:
    for row in rows:
        yield Step(row["created_at"], "held", f"Its deletion waits in hold {row['id']}: {row['reason']}")
        if row["decided_at"] is not None:
            yield Step(row["decided_at"], "decided", f"Hold {row['id']} was {row['state']} by {row['decided_by']}.")


def _say_now(rows: Traces) -> str:
    if not rows.listings:
        return "It is not in the catalogue: every record of it was rejected."
    newest = rows.listings[-1]
    if newest["state"] == "withdrawn":
        merged = next((row["merged_into"] for row in reversed(rows.withdrawals) if row["merged_into"]), None)
        return f"It is gone: withdrawn{f', merged into {merged}' if merged else ''}."
    if not newest["visible"]:
        return f"It is known but not shown to buyers ({newest['hidden_reason'] or 'the platform does not show it'})."
    product_id, seller_id = rows.products.get(newest["key"], (None, None))
    if product_id is None:
        return "It may be shown, and waits to be worked into a product."
    held = any(row["state"] == "open" for row in rows.holds)
    stale = " Its newest record cannot be used; this is its last good version." if newest["rejected_at"] else ""
    waits = " Its deletion waits for a person." if held else ""
    return f"It is shown, as an offer of product {product_id} by seller {seller_id}.{stale}{waits}"
