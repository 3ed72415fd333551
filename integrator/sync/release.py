"""From pending to shown: the guards look at all that a run wrote, then it is released, or held for a person.

Every step may be done twice: a run that was killed here is taken up and goes on where it was.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from integrator.store import account_versions, versions
from integrator.store.holds import Hold, close_empty_holds, find_run_hold, open_run_hold
from integrator.store.measures import load_measures, save_measures
from integrator.store.runs import save_run
from integrator.store.versions import Released, VersionState
from integrator.store.worklist import mark
from integrator.sync.commit import Committer, state_of_versions
from integrator.sync.guards import Objection, object_to_run
from integrator.sync.withdrawing import end_earlier

# Versions in one transaction: some tens of milliseconds of the database's one writer.
BATCH = 2_000


def release_run(committer: Committer) -> str:
    """Release what this run wrote, or hold all of it; gives the reason why it is held ("": it is released)."""
    if state_of_versions(committer.run) is VersionState.RELEASED:
        return ""
    _inherit(committer)
    objection = _find_objection(committer)
    if objection is not None:
        return _hold(committer, objection)
    while _release_some(committer):
        pass
    return ""


def _find_objection(committer: Committer) -> Objection | None:
    """What was held once stays held, be the process that said so gone or not."""
    run, policies = committer.run, committer.connector.policies
    with committer.database.read() as connection:
        held = find_run_hold(connection, run.id)
        if held is not None:
            return Objection(held.reason, held.diff)
        if not _has_pending(connection, run.id):
            return None
        return object_to_run(connection, run, policies=policies, now=committer.now())


def _inherit(committer: Committer) -> None:
    """What runs that stopped left pending is judged and released with this one's."""
    run = committer.run
    with committer.database.read() as connection:
        dead = versions.find_left_over(connection, run.platform, str(run.lane), before=run.id)
    if not dead:
        return
    with committer.transaction() as connection:
        for each in dead:
            save_measures(connection, run.id, load_measures(connection, each))
        versions.inherit(connection, dead, run=run.id)
        account_versions.inherit(connection, dead, run=run.id)


def _has_pending(connection: Connection, run: int) -> bool:
    return versions.has_pending(connection, run) or account_versions.has_pending(connection, run)


def _release_some(committer: Committer) -> bool:
    """One transaction's worth; whether there may be more."""
    platform, run, now = committer.run.platform, committer.run.id, committer.now()
    with committer.transaction() as connection:
        listings = versions.release_pending(connection, run, limit=BATCH, now=now)
        accounts = account_versions.release_pending(connection, run, limit=BATCH, now=now)
        _follow_up(connection, platform, listings, accounts, run=run, now=now)
    return BATCH in (len(listings), len(accounts))


def _follow_up(
    connection: Connection, platform: str, listings: list[Released], accounts: Iterable[str], *, run: int, now: float
) -> None:
    later = [(each.external_id, each.generation) for each in listings if each.generation > 1]
    touched = {account_id for each in listings for account_id in each.accounts}.union(accounts)
    touched |= end_earlier(connection, platform, later, run=run, now=now)
    mark(connection, platform, touched, run=run, now=now)


# Holding -------------------------------------------------------------------------------------------------------------


def _hold(committer: Committer, objection: Objection) -> str:
    """All of it in one transaction: a person never sees a part, and a run killed here has held everything or nothing.

    It is rare, and two updates whatever the size.
    """
    run = committer.run
    with committer.transaction() as connection:
        listings = versions.count_pending(connection, run.id)
        ceiling = listings + account_versions.count_pending(connection, run.id)
        if not ceiling:
            return objection.reason
        number = open_run_hold(
            connection,
            run.platform,
            run=run.id,
            ceiling=ceiling,
            reason=objection.reason,
            diff=objection.diff,
            now=committer.now(),
        )
        versions.hold_pending(connection, run.id, number)
        account_versions.hold_pending(connection, run.id, number)
        run.counters.held += listings
        save_run(connection, run, now=committer.now())
    return objection.reason


def release_held(connection: Connection, hold: Hold, *, ceiling: int, now: float) -> int:
    """A person approved: release what still waits in this hold, up to `ceiling` versions; gives how many.

    What a newer version has replaced since does not wait any more.
    """
    listings = versions.release_held(connection, hold.id, limit=ceiling, now=now)
    accounts = account_versions.release_held(connection, hold.id, limit=ceiling - len(listings), now=now)
    _follow_up(connection, hold.platform, listings, accounts, run=hold.run, now=now)
    return len(listings) + len(accounts)


def reject_held(connection: Connection, hold: Hold, *, now: float) -> int:
    """A person refused: what waits in this hold is dropped, and the last good versions stay; gives how many.

    The same records again are unchanged; others are judged anew.
    """
    refused = versions.refuse_held(connection, hold.id, now=now)
    refused += account_versions.refuse_held(connection, hold.id)
    close_empty_holds(connection, hold.platform, now=now)
    return refused
