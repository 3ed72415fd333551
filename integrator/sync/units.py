"""Batches into commit units: big enough that a commit's flush to disk is shared, small enough to repeat."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from integrator.record import Batch, End, Kind, Record

# A commit costs some milliseconds of flushing whatever is in it; at a thousand records that is a few microseconds each.
UNIT_RECORDS = 1_000


@dataclass(slots=True)
class Unit:
    """Batches taken together: their records, and what follows the last of them."""

    records: list[Record] = field(default_factory=list)
    last: Batch | None = None
    clock: datetime | None = None
    calls: int = 0
    bytes_read: int = 0
    retries: int = 0
    warnings: list[str] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        """Put another batch behind those already here."""
        self.records.extend(batch.records)
        self.last = batch
        self.clock = batch.clock or self.clock
        self.calls += batch.calls
        self.bytes_read += batch.bytes_read
        self.retries += batch.retries
        self.warnings.extend(batch.warnings)


def gather(pieces: Iterable[Batch | End], *, records: int = UNIT_RECORDS) -> Iterator[Unit | End]:
    """Units in order, then the End. What came before a failure is given out before the failure goes on."""
    unit = Unit()
    try:
        for piece in pieces:
            if isinstance(piece, End):
                break
            unit.add(piece)
            if len(unit.records) >= records:
                full, unit = unit, Unit()
                yield full
        else:
            raise RuntimeError("a connector's walk ended without an End")
    except GeneratorExit:
        raise
    except BaseException:
        if unit.last is not None:
            yield unit
        raise
    if unit.last is not None:
        yield unit
    yield piece


def in_rounds(records: Sequence[Record]) -> tuple[list[Record], list[list[Record]], list[Record]]:
    """Records in rounds without a repeated id, so that each round sees what the one before wrote; the others apart."""
    rounds: list[list[Record]] = [[]]
    others: list[Record] = []
    places: dict[tuple[Kind, str], int] = {}
    for record in records:
        if record.kind not in (Kind.LISTING, Kind.ACCOUNT):
            others.append(record)
            continue
        place = 0
        if record.external_id:
            place = places.get((record.kind, record.external_id), -1) + 1
            places[record.kind, record.external_id] = place
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(record)
    return rounds[0], rounds[1:], others
