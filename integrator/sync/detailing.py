"""The detail lane: descriptions, galleries and certificates, asked for one by one."""

from integrator.errors import FeedChanged, FeedUnavailable
from integrator.ports import Clock, Connector
from integrator.record import Ask, Confirmation, Kind, Lane
from integrator.store.database import Database
from integrator.store.details import find_stalest
from integrator.store.runs import RunState
from integrator.sync.absence import ask_singly, one_unit
from integrator.sync.asides import Aside, aside, busy
from integrator.sync.outcome import Outcome, Progress, count_of, quiet


def read_details(
    database: Database, connector: Connector, clock: Clock, *, limit: int, progress: Progress = quiet
) -> Outcome:
    """Ask for the details of up to `limit` visible listings: those never read first, then the stalest."""
    with aside(database, connector, clock, lane=Lane.DETAIL.value) as run:
        if run is None:
            return busy(connector.platform)
        try:
            _read(run, limit=limit, progress=progress)
        except (FeedUnavailable, FeedChanged) as error:
            run.state, run.reason = RunState.INCOMPLETE, f"{error} What was read stays."
    return run.outcome()


def _read(run: Aside, *, limit: int, progress: Progress) -> None:
    committer = run.committer
    if committer.connector.confirmation is Confirmation.WHOLE_READ:
        run.reason = "This platform's listings carry everything: there are no details to ask for."
        return
    with committer.database.read() as connection:
        wanted = find_stalest(connection, committer.connector.platform, limit=limit)
    asks = tuple(Ask(Kind.DETAIL, external_id) for external_id in wanted)
    for done, batch in enumerate(ask_singly(committer.connector, asks), start=1):
        committer.commit(one_unit(batch, batch.records))
        progress("details", done, len(asks))
    run.reason = f"{count_of(committer.run.counters.details_seen, 'detail')} read."
