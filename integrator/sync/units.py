"""Batches into commit units: big enough that a commit's flush to disk is shared, small enough to repeat."""

from collections.abc import Iterable, Iterator

from integrator.record import Batch, End
from integrator.sync.commit import Unit

# A commit costs some milliseconds of flushing whatever is in it; at a thousand records that is a few microseconds each.
UNIT_RECORDS = 1_000


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
