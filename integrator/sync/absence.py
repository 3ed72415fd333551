"""From a complete read to proven withdrawals: who is missing; once the guard believes it, the calls and the rest."""

from collections.abc import Iterable, Iterator, Sequence

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
from integrator.store.withdrawals import Evidence, Proof, WithdrawalKind
from integrator.sync.commit import Committer
from integrator.sync.units import Unit

# What one run may ask singly; a tenth of a small key's day is more than this already. Above it a second census decides.
MAX_ASKS = 500


def find_absences(committer: Committer, end: End) -> list[Absent]:
    """Who is missing after a complete read."""
    platform, run = committer.connector.platform, committer.run
    with committer.database.read() as connection:
        if end.sequence is not None:
            return find_absent_below(connection, platform, sequence=end.sequence)
        return find_absent(connection, platform, run_id=run.id, started_at=run.started_at)


def withdraw_absent(committer: Committer, end: End, absent: Sequence[Absent]) -> list[str]:
    """The guard believes that these are gone: withdraw them, after a call where no read proves it; gives warnings."""
    if committer.connector.confirmation is Confirmation.WHOLE_READ:
        evidence: Evidence = {"drop": end.sequence, "run": committer.run.id}
        _withdraw(committer, absent, "It is absent from a complete read.", evidence)
        return []
    _withdraw(
        committer,
        [each for each in absent if not each.visible],
        "It was not shown any more and is absent from a complete read.",
        {"census": committer.run.id},
    )
    return _confirm(committer, [each for each in absent if each.visible])


def _withdraw(committer: Committer, gone: Sequence[Absent], reason: str, evidence: Evidence) -> None:
    for piece in chunks(gone, 1000):
        proofs = [Proof(each.key, WithdrawalKind.ABSENCE, reason, evidence) for each in piece]
        with committer.recording() as connection:
            committer.withdraw(connection, [each.key for each in piece], proofs, {each.account_id for each in piece})
            committer.run.counters.withdrawn += len(piece)


def _confirm(committer: Committer, absent: Sequence[Absent]) -> list[str]:
    if len(absent) > MAX_ASKS:
        return _believe_second_census(committer, absent)
    try:
        _ask(committer, absent)
    except (FeedUnavailable, FeedChanged) as error:
        return [f"Not every absence could be confirmed by a call ({error}); the next census asks again."]
    return []


def _believe_second_census(committer: Committer, absent: Sequence[Absent]) -> list[str]:
    platform, run = committer.connector.platform, committer.run
    with committer.database.read() as connection:
        before = start_of_census_before(connection, platform, run_id=run.id)
    twice = [each for each in absent if before is not None and each.seen_at < before]
    _withdraw(committer, twice, "It is absent from two complete reads in a row.", {"census": run.id})
    waiting = len(absent) - len(twice)
    if not waiting:
        return []
    return [f"{waiting} listings are absent, too many to ask for singly: the next census decides."]


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
