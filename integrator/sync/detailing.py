"""The detail lane: descriptions, galleries and certificates, asked for one by one."""

from integrator.errors import FeedChanged, FeedUnavailable
from integrator.ports import Clock, Connector
from integrator.record import Ask, Confirmation, Kind, Lane
from integrator.store.database import Database
from integrator.store.details import find_wanted
from integrator.store.feeds import load_states
from integrator.store.runs import RunState
from integrator.sync.absence import ask_singly, one_unit
from integrator.sync.asides import Aside, aside, busy
from integrator.sync.lanes import next_asking, say_banned
from integrator.sync.outcome import Outcome, Progress, count_of, quiet

# What buyers look at is asked for again after a day, however often they look.
VIEWED_AGAIN_S = 86_400.0


def read_details(
    database: Database,
    connector: Connector,
    clock: Clock,
    *,
    limit: int,
    limit_s: float | None = None,
    progress: Progress = quiet,
) -> Outcome:
    """Ask for the details of up to `limit` visible listings, or of what `limit_s` seconds allow.

    The most viewed first, then those never read, then the stalest.
    """
    now = clock.now().timestamp()
    with database.read() as connection:
        (state,) = load_states(connection, [connector.platform], now=now)
    banned = say_banned(state, Lane.DETAIL, now)
    if banned is not None:
        return Outcome(connector.platform, *banned, 0.0, lane=Lane.DETAIL)
    with aside(database, connector, clock, lane=Lane.DETAIL.value) as run:
        if run is None:
            return busy(connector.platform)
        try:
            _read(run, limit=limit, limit_s=limit_s, progress=progress)
        except (FeedUnavailable, FeedChanged) as error:
            run.state, run.reason = RunState.INCOMPLETE, f"{error} What was read stays."
            retry_at = next_asking(error, clock.now()) if isinstance(error, FeedUnavailable) else None
            run.committer.run.not_before = retry_at.timestamp() if retry_at else None
    return run.outcome()


def _read(run: Aside, *, limit: int, limit_s: float | None, progress: Progress) -> None:
    committer = run.committer
    if committer.connector.confirmation is Confirmation.WHOLE_READ:
        run.reason = "This platform's listings carry everything: there are no details to ask for."
        return
    before = committer.now() - VIEWED_AGAIN_S
    with committer.database.read() as connection:
        wanted = find_wanted(connection, committer.connector.platform, limit=limit, viewed_before=before)
    asks = tuple(Ask(Kind.DETAIL, external_id) for external_id in wanted)
    told = committer.run
    told.stage, told.stage_total = "details", len(asks)
    for batch in ask_singly(committer.connector, asks):
        told.stage_done += len(batch.records)
        committer.commit(one_unit(batch, batch.records))
        progress(told.stage, told.stage_done, told.stage_total)
        if limit_s is not None and committer.clock.monotonic() - run.begun >= limit_s:
            break
    run.reason = f"{count_of(told.counters.details_seen, 'detail')} read."
