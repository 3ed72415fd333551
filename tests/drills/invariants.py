"""The invariants of a store that has lost nothing, as a list of what is wrong with it; empty when all hold.

I1 the counts of each run add up, I2 the store shows what the feed shows, I3 the index holds the visible catalogue, I4
an id has one live listing, I5 versions are 1..n without a gap, I6 a committed place implies its records, I7 the outbox
is empty exactly when I3 holds, I8 each version has its raw record, I9 each disappearance its proof. A4: no run is under
way whose holder is dead.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from integrator.ports import IndexWriter
from integrator.record import Json, Kind
from integrator.store.database import Database
from integrator.store.leases import TERM_S
from integrator.store.runs import Counters
from integrator.store.tables import (
    account,
    archive,
    lease,
    listing,
    outbox,
    product,
    published,
    rejection,
    run,
    version,
    withdrawal,
    worklist,
)

CONSERVED = ("seen", "new", "changed", "unchanged", "superseded", "rejected")


def find_violations(database: Database, *, now: float, index: IndexWriter | None = None) -> list[str]:
    """All that must hold whenever nobody is at work; with the index, after resolving and publishing too."""
    with database.read() as connection:
        wrong = [*_runs(connection, now), *_listings(connection), *_versions(connection), *_proofs(connection)]
        if index is not None:
            wrong += [*_queues(connection), *_index(connection, index)]
    return wrong


def find_untrue(database: Database, visible: Mapping[str, set[str]]) -> list[str]:
    """I2: `visible` are the ids that each platform's feed shows to buyers."""
    wrong = []
    shown = select(listing.c.external_id).where(listing.c.state == "live", listing.c.visible)
    with database.read() as connection:
        for platform, ids in visible.items():
            there = set(connection.execute(shown.where(listing.c.platform == platform)).scalars())
            if there != ids:
                wrong.append(f"I2: {platform} lost {sorted(ids - there)[:5]} and shows {sorted(there - ids)[:5]} too")
    return wrong


def _runs(connection: Connection, now: float) -> Iterator[str]:
    for each in connection.execute(select(run)).mappings():
        counted = Counters(**{name: each[name] for name in CONSERVED})
        if not counted.is_conserved():
            yield f"I1: run {each['id']} does not add up: {counted}"
        if each["state"] == "running" and each["heartbeat_at"] < now - TERM_S - 60:
            yield f"A4: run {each['id']} is running for ever"
    kept = select(lease.c.platform, lease.c.lane).where(lease.c.holder.is_not(None), lease.c.expires_at < now - 60)
    yield from (f"A4: the lease of {row.platform} ({row.lane}) was kept" for row in connection.execute(kept))


def _listings(connection: Connection) -> Iterator[str]:
    live = select(listing.c.platform, listing.c.external_id).where(listing.c.state == "live")
    twice = live.group_by(listing.c.platform, listing.c.external_id).having(func.count() > 1)
    yield from (f"I4: {row.platform} {row.external_id} lives twice" for row in connection.execute(twice))
    odd = select(listing.c.external_id).where(
        listing.c.visible, (listing.c.state != "live") | listing.c.version.is_(None)
    )
    yield from (f"I4: {each} is visible, but not both live and released" for each in connection.execute(odd).scalars())


def _versions(connection: Connection) -> Iterator[str]:
    numbers: dict[int, dict[int, str]] = defaultdict(dict)
    for row in connection.execute(select(version.c.listing_key, version.c.version, version.c.state)):
        numbers[row.listing_key][row.version] = row.state
    for each in connection.execute(select(listing.c.key, listing.c.external_id, listing.c.version, listing.c.pending)):
        known = numbers.pop(each.key, {})
        if sorted(known) != list(range(1, len(known) + 1)) or not known:
            yield f"I5: {each.external_id} has the versions {sorted(known)}"
        if each.version is not None and known.get(each.version) != "released":
            yield f"I5: {each.external_id} shows version {each.version}, which is {known.get(each.version)}"
        waits = {number for number, state in known.items() if state in ("pending", "held")}
        if waits != ({each.pending} if each.pending is not None else set()):
            yield f"I5: {each.external_id} names {each.pending} as waiting, and {sorted(waits)} wait"
    yield from (f"I5: versions of listing {key}, which is not there" for key in numbers)
    unkept = select(version.c.listing_key).where(version.c.raw.not_in(select(archive.c.hash)))
    yield from (f"I8: no raw record of a version of listing {key}" for key in connection.execute(unkept).scalars())


def _proofs(connection: Connection) -> Iterator[str]:
    proven = select(withdrawal.c.listing_key).where(withdrawal.c.undone_at.is_(None))
    gone = select(listing.c.external_id, listing.c.state).where(
        listing.c.state != "live", listing.c.key.not_in(proven), listing.c.version.is_not(None)
    )
    yield from (f"I9: {row.external_id} is {row.state} without a proof" for row in connection.execute(gone))


def _queues(connection: Connection) -> Iterator[str]:
    for table, name in ((worklist, "worklist"), (outbox, "outbox")):
        left = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if left:
            yield f"I7: {left} rows were left in the {name}"


def _index(connection: Connection, index: IndexWriter) -> Iterator[str]:
    shown = select(product.c.id, product.c.digest).where(product.c.visible)
    wanted = {(row.id, row.digest.hex()) for row in connection.execute(shown)}
    found = [(each, (version.epoch, version.sequence), digest) for each, version, digest in index.digests()]
    yield from _compare("I3: the index", wanted, {(each, digest) for each, _, digest in found})
    told = select(published).where(published.c.operation == "put")
    believed = {(row.product_id, (row.epoch, row.sequence), row.digest) for row in connection.execute(told)}
    yield from _compare("I3: what the index was told", set(found), believed)
    twice = [each for each, count in Counter(each for each, _, _ in found).items() if count > 1]
    yield from (f"I3: the index holds {each} twice" for each in twice)


def _compare(name: str, wanted: set[tuple], found: set[tuple]) -> Iterator[str]:
    if wanted != found:
        yield f"{name}: {len(wanted - found)} lost, {len(found - wanted)} other, {len(found)} for {len(wanted)}"


# A place and its records ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """What one batch of a walk gave, and the place after it."""

    position: dict[str, Json]
    ids: tuple[tuple[Kind, str], ...]


def find_uncommitted(database: Database, platform: str, given: Iterable[Given]) -> list[str]:
    """I6: of the newest run, what stands before its committed place and is not in the store. `given` is its walk."""
    with database.read() as connection:
        newest = select(run.c.id, run.c.position).where(run.c.platform == platform).order_by(run.c.id.desc()).limit(1)
        last = connection.execute(newest).first()
        if last is None or last.position is None:
            return []
        place, walked = json.loads(last.position), list(given)
        ends = [number for number, each in enumerate(walked) if each.position == place]
        if not ends:
            return [f"I6: run {last.id} stands at a place that its walk never gave: {last.position}"]
        wanted = {pair for each in walked[: ends[0] + 1] for pair in each.ids}
        return [f"I6: {kind} {name} is not in the store" for kind, name in sorted(wanted - _taken(connection, last.id))]


def _taken(connection: Connection, run_id: int) -> set[tuple[Kind, str]]:
    seen = connection.execute(select(listing.c.external_id).where(listing.c.seen_run == run_id)).scalars()
    accounts = connection.execute(select(account.c.external_id).where(account.c.seen_run == run_id)).scalars()
    refused = connection.execute(
        select(rejection.c.kind, rejection.c.external_id).where(rejection.c.last_run == run_id)
    )
    return (
        {(Kind.LISTING, each) for each in seen}
        | {(Kind.ACCOUNT, each) for each in accounts}
        | {(Kind(row.kind), row.external_id) for row in refused}
    )
