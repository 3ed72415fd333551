"""From a complete read to proven withdrawals: the guard first, then the calls, then the withdrawal."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from integrator.errors import FeedChanged, FeedUnavailable
from integrator.ports import Connector
from integrator.record import Ask, Batch, Confirmation, End, Kind, Lane, Plan, Record
from integrator.store.absences import (
    Absent,
    find_absent,
    find_absent_below,
    start_of_census_before,
)
from integrator.store.database import chunks
from integrator.store.holds import open_hold
from integrator.store.withdrawals import Proof, WithdrawalKind
from integrator.sync.commit import Committer
from integrator.sync.guards import Candidate, Objection, look_at_shown, object_to
from integrator.sync.units import Unit

# What one run may ask singly; a tenth of a small key's day is more than this already. Above it a second census decides.
MAX_ASKS = 500


@dataclass(slots=True)
class Settled:
    """What became of the absences of a run."""

    held: int = 0
    reason: str = ""
    warnings: list[str] = field(default_factory=list)


def settle_absences(committer: Committer, end: End) -> Settled:
    """Withdraw what a complete read proves gone, or hold it for a person."""
    absent = _find_candidates(committer, end)
    objection = _object(committer, absent)
    if objection is not None:
        return _hold(committer, absent, objection)
    if committer.connector.confirmation is Confirmation.WHOLE_READ:
        evidence: dict[str, str | int | float | None] = {"drop": end.sequence, "run": committer.run.id}
        _withdraw(committer, absent, "It is absent from a complete read.", evidence)
        return Settled()
    _withdraw(
        committer,
        [each for each in absent if not each.visible],
        "It was not shown any more and is absent from a complete read.",
        {"census": committer.run.id},
    )
    return _confirm(committer, [each for each in absent if each.visible])


def _find_candidates(committer: Committer, end: End) -> list[Absent]:
    platform, run = committer.connector.platform, committer.run
    with committer.database.read() as connection:
        if end.sequence is not None:
            absent = find_absent_below(connection, platform, sequence=end.sequence)
        else:
            absent = find_absent(connection, platform, run_id=run.id, started_at=run.started_at)
    return absent


def _object(committer: Committer, absent: Sequence[Absent]) -> Objection | None:
    candidates = [Candidate(each.key, each.external_id, each.account_id, each.visible) for each in absent]
    with committer.database.read() as connection:
        shown = look_at_shown(connection, committer.connector.platform, candidates, now=committer.now())
    return object_to(candidates, seen=committer.run.counters.seen, **shown)


def _hold(committer: Committer, absent: Sequence[Absent], objection: Objection) -> Settled:
    with committer.transaction() as connection:
        open_hold(
            connection,
            committer.connector.platform,
            [each.key for each in absent],
            run=committer.run.id,
            reason=objection.reason,
            diff=objection.diff,
            now=committer.now(),
        )
    return Settled(held=sum(each.visible for each in absent), reason=objection.reason)


def _withdraw(
    committer: Committer, gone: Sequence[Absent], reason: str, evidence: dict[str, str | int | float | None]
) -> None:
    for piece in chunks(gone, 1000):
        proofs = [Proof(each.key, WithdrawalKind.ABSENCE, reason, evidence) for each in piece]
        with committer.transaction() as connection:
            committer.withdraw(connection, [each.key for each in piece], proofs, {each.account_id for each in piece})
        committer.run.counters.withdrawn += len(piece)


def _confirm(committer: Committer, absent: Sequence[Absent]) -> Settled:
    if len(absent) > MAX_ASKS:
        return _believe_second_census(committer, absent)
    settled = Settled()
    try:
        _ask(committer, absent)
    except (FeedUnavailable, FeedChanged) as error:
        settled.warnings.append(
            f"Not every absence could be confirmed by a call ({error}); the next census asks again."
        )
    return settled


def _believe_second_census(committer: Committer, absent: Sequence[Absent]) -> Settled:
    platform, run = committer.connector.platform, committer.run
    with committer.database.read() as connection:
        before = start_of_census_before(connection, platform, run_id=run.id)
    twice = [each for each in absent if before is not None and each.seen_at < before]
    _withdraw(committer, twice, "It is absent from two complete reads in a row.", {"census": run.id})
    waiting = len(absent) - len(twice)
    if not waiting:
        return Settled()
    return Settled(warnings=[f"{waiting} listings are absent, too many to ask for singly: the next census decides."])


def _ask(committer: Committer, absent: Sequence[Absent]) -> None:
    """Ask for each singly: gone is withdrawn by absence, an answer with the record means that it lives."""
    wanted = {each.external_id: each for each in absent}
    if not wanted:
        return
    asks = tuple(Ask(Kind.DETAIL, external_id) for external_id in wanted)
    for batch in ask_singly(committer.connector, asks):
        gone = [record for record in batch.records if record.kind is Kind.WITHDRAWAL and record.external_id in wanted]
        lives = tuple(record for record in batch.records if record.kind is not Kind.WITHDRAWAL)
        committer.commit(one_unit(batch, lives))
        _withdraw_answered(committer, [wanted[record.external_id] for record in gone])


def _withdraw_answered(committer: Committer, gone: Sequence[Absent]) -> None:
    reason = "It is absent from a complete read, and the platform says it is gone."
    _withdraw(committer, gone, reason, {"census": committer.run.id, "answer": "gone"})


def ask_singly(connector: Connector, asks: tuple[Ask, ...]) -> Iterator[Batch]:
    """The answers of the detail lane."""
    for piece in connector.fetch(Plan(Lane.DETAIL, accounts=False, asks=asks)):
        if isinstance(piece, Batch):
            yield piece


def one_unit(batch: Batch, records: Iterable[Record]) -> Unit:
    """Some of a detail batch's records; the run's own position stays where it is."""
    return Unit(
        records=list(records),
        clock=batch.clock,
        calls=batch.calls,
        bytes_read=batch.bytes_read,
        retries=batch.retries,
        warnings=list(batch.warnings),
    )
