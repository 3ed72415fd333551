"""What a hold keeps waiting goes under today's guards: it leaves the hold and is pending in the run that judges it."""

from collections.abc import Callable

from sqlalchemy import Connection

from integrator.store import account_versions
from integrator.store.accounts import list_held_accounts, load_newest_accounts, load_shown_accounts
from integrator.store.holds import Hold, close_empty_holds
from integrator.store.measures import save_measures
from integrator.store.rejections import count_unknowns
from integrator.store.waiting import judge_anew, list_held
from integrator.sync.commit import Committer
from integrator.sync.taken import Taken, decode_account, decode_listing

# Versions in one transaction.
_UNIT = 500


def judge_hold_anew(committer: Committer, hold: Hold) -> int:
    """Every version that today's parser has read is measured as if this run had brought it; gives how many."""
    return _judge(committer, hold, _measure_listings) + _judge(committer, hold, _measure_accounts)


def _judge(
    committer: Committer, hold: Hold, measure: Callable[[Connection, Committer, Hold], tuple[Taken, int]]
) -> int:
    judged = 0
    while True:
        with committer.transaction() as connection:
            met, count = measure(connection, committer, hold)
            save_measures(connection, committer.run.id, met.measured.shares())
            # Counted when they came; but it is this run now that has met them.
            again = dict.fromkeys(met.unknowns, 0)
            count_unknowns(connection, hold.platform, again, examples=met.examples, run=committer.run.id)
            close_empty_holds(connection, hold.platform, now=committer.now())
        judged += count
        if count < _UNIT:
            return judged


def _measure_listings(connection: Connection, committer: Committer, hold: Hold) -> tuple[Taken, int]:
    met, parser = Taken(), committer.connector.parser_version
    page = list_held(connection, hold.id, after=0, limit=_UNIT, read_by=parser)
    for each in page:
        listing = decode_listing(each.content)
        met.measured.add(listing, decode_listing(each.shown) if each.shown is not None else None)
        met.count_unknown_codes(listing.issues, each.external_id)
    judge_anew(connection, hold.id, [each.key for each in page], run=committer.run.id)
    return met, len(page)


def _measure_accounts(connection: Connection, committer: Committer, hold: Hold) -> tuple[Taken, int]:
    met, parser = Taken(), committer.connector.parser_version
    page = list_held_accounts(connection, hold.id, after="", limit=_UNIT, read_by=parser)
    ids = [each.external_id for each in page]
    shown = load_shown_accounts(connection, hold.platform, ids)
    for account_id, waits in load_newest_accounts(connection, hold.platform, ids).items():
        account = decode_account(waits)
        met.measured.add_seller(account, decode_account(shown[account_id]))
        met.count_unknown_codes(account.issues, account_id)
    account_versions.judge_anew(connection, hold.id, ids, run=committer.run.id)
    return met, len(page)
