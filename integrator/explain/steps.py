"""What happened to one listing, a sentence each."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import msgspec
from sqlalchemy import RowMapping

from integrator.store.traces import Traces
from integrator.store.withdrawals import WithdrawalKind

_NOT_KEPT = "its raw record is not kept any more"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a listing. `at` is POSIX seconds; `what` a word or two; `text` a sentence."""

    at: float
    what: str
    text: str


def list_steps(rows: Traces) -> Iterator[Step]:
    """Every step; of those at one instant the cause before what follows from it."""
    return chain(
        _first_sights(rows),
        _versions(rows),
        _rejections(rows),
        _withdrawals(rows),
        _told(rows),
        _holds(rows),
        _whereabouts(rows),
        _last_sights(rows),
    )


def _first_sights(rows: Traces) -> Iterator[Step]:
    known = {row["listing_key"] for row in rows.versions}
    for row in rows.listings:
        again = f" as generation {row['generation']}: its id was used again" if row["generation"] > 1 else ""
        text = f"It was seen for the first time{again}."
        if row["key"] not in known:
            text = "The platform named it for the first time; no record of it was ever read."
        yield Step(row["first_seen_at"], "first seen", text)


def _last_sights(rows: Traces) -> Iterator[Step]:
    for row in rows.listings:
        yield Step(row["seen_at"], "seen", f"It was last seen by run {row['seen_run']}.")
        if row["rejected_at"] is not None:
            yield Step(
                row["rejected_at"], "unusable", "Since then none of its records can be used; what is shown is older."
            )
        if row["kept_at"] is not None:
            yield Step(row["kept_at"], "kept", "A person keeps it although the platform does not show it.")


# Versions and rejections ---------------------------------------------------------------------------------------------


def _versions(rows: Traces) -> Iterator[Step]:
    generation = {row["key"]: row["generation"] for row in rows.listings}
    for row in rows.versions:
        name = f"Version {row['version']} of generation {generation[row['listing_key']]}"
        run = rows.runs.get(row["run"])
        lane = f" ({run['lane']})" if run is not None else ""
        place = _say_place(row["raw"], rows)
        became = f", and is {row['state']}" if row["state"] != "released" else ""
        text = f"{name} was read{became}: run {row['run']}{lane}, {place}, parser {row['parser_version']}."
        yield Step(row["created_at"], "version", text)
        if row["released_at"] is not None:
            yield Step(row["released_at"], "released", f"{name} was released{_say_hidden(row)}.")


def _say_place(raw: bytes, rows: Traces) -> str:
    found = rows.raws.get(raw)
    if found is None:
        return _NOT_KEPT
    return f"page {found['page']}, offset {found['offset']}, kept as {raw.hex()}"


def _say_hidden(row: RowMapping) -> str:
    if row["visible"] is None or row["visible"]:
        return ""
    return f", not to be shown ({row['hidden_reason'] or 'the platform does not show it'})"


def _rejections(rows: Traces) -> Iterator[Step]:
    for row in rows.rejections:
        reasons = ", ".join(
            f"{reason['code']} in {reason['field'] or 'the record'} ({reason['raw']!r})"
            for reason in msgspec.json.decode(row["reasons"])
        )
        place = f"run {row['first_run']}, page {row['page']}, offset {row['offset']}, kept as {row['raw'].hex()}"
        yield Step(row["first_at"], "rejected", f"A record could not be used: {reasons}; {place}.")
        if row["last_run"] != row["first_run"]:
            yield Step(row["last_at"], "rejected", f"The same unusable record came again in run {row['last_run']}.")
        if row["resolved_at"] is not None:
            yield Step(row["resolved_at"], "usable", "A usable record of it came.")


# Disappearing and holding --------------------------------------------------------------------------------------------


_GONE = {WithdrawalKind.REUSED.value: "ended", WithdrawalKind.HIDDEN.value: "hidden"}


def _withdrawals(rows: Traces) -> Iterator[Step]:
    for row in rows.withdrawals:
        what = _GONE.get(row["kind"], "withdrawn")
        follows = f" It was merged into {row['merged_into']}." if row["merged_into"] else ""
        text = f"{row['reason']}{follows} Run {row['run']}, proof by {row['kind']}, evidence {row['evidence']}."
        yield Step(row["at"], what, text)
        if row["undone_at"] is not None:
            why = f": {row['undone_reason']}" if row["undone_reason"] else ""
            yield Step(row["undone_at"], "undone", f"{row['undone_by'] or 'A person'} brought it back{why}.")


def _told(rows: Traces) -> Iterator[Step]:
    for row in rows.told:
        yield Step(row["told_at"], "said gone", f"{_say_told(row['run'], row['reason'])} for the run's end.")


def _say_told(run: int, reason: str) -> str:
    return f"The platform withdrew it in run {run} ({reason}); that waits"


def _say_what_waits(row: RowMapping) -> str:
    if row["told"] is not None:
        return _say_told(row["run"], row["told"])
    return "It waits" if row["kind"] == "run" else "Its deletion waits"


def _holds(rows: Traces) -> Iterator[Step]:
    for row in rows.holds:
        yield Step(row["created_at"], "held", f"{_say_what_waits(row)} in hold {row['id']}: {row['reason']}")
        if row["decided_at"] is not None:
            why = f" ({row['decided_reason']})" if row["decided_reason"] else ""
            yield Step(
                row["decided_at"], "decided", f"Hold {row['id']} was {row['state']} by {row['decided_by']}{why}."
            )


# Where it stands besides ---------------------------------------------------------------------------------------------


def _whereabouts(rows: Traces) -> Iterator[Step]:
    for row in rows.details:
        yield Step(row["read_at"], "detail", f"Its detail was read: {_say_place(row['raw'], rows)}.")
    for row in rows.accounts:
        yield Step(row["first_seen_at"], "account", f"Its account {row['external_id']} was seen for the first time.")
    for row in rows.account_versions:
        name = f"Version {row['version']} of its account {row['external_id']}"
        yield Step(row["created_at"], "account", f"{name} was read in run {row['run']}; it is {row['state']}.")
    yield from _ids(rows)
    for row in rows.waiting:
        stuck = f" It is set aside: {row['set_aside']}" if row["set_aside"] else ""
        text = f"Its seller waits to be worked out again: `hanmaru sync` does that.{stuck}"
        yield Step(row["marked_at"], "waiting", text)
    for row in rows.outbox:
        refused = f" It was refused: {row['refusal']}" if row["refusal"] else ""
        yield Step(
            row["queued_at"], "outbox", f"The index is still to be told of product {row['product_id']}.{refused}"
        )


def _ids(rows: Traces) -> Iterator[Step]:
    for row in rows.ledger:
        yield Step(row["minted_at"], row["kind"], f"The {row['kind']} {row['id']} was founded by {row['founder']}.")
        if row["retired_at"] is not None:
            leads = f"leads to {row['leads_to']} since then" if row["leads_to"] else "leads nowhere"
            yield Step(row["retired_at"], row["kind"], f"The {row['kind']} {row['id']} ended, and {leads}.")
