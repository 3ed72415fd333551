"""Reliability E5: a broken export never costs a seller's contacts, which no page shows.

The records of the drill on schema drift, with more sellers, are read; then the sellers come again with one field of
their contacts renamed, of another type, emptied or unreadable. The contacts stay as they are: while the run is held,
once it is rejected, and when the same records come again. A change that is read all the same holds nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from integrator.record import Kind, Record
from integrator.store import contacts
from integrator.store.database import Database
from integrator.store.tables import contact, waiting_contact
from integrator.sync.deciding import reject_hold
from tests.drills.tally import OpenTally, Tally
from tests.drills.test_schema_drift import PLATFORMS, SEED, Mutation, Path_, Stage, as_record
from tests.fakes.clock import FakeClock

# Each platform's sellers and as many like them: a hundred of them have to have what is broken.
COPIES = 20

ID: dict[str, Path_] = {"buykorea": ("ENTP_SN",), "gobizkorea": ("company", "업체번호"), "tradekorea": ("id",)}
CONTACTS: dict[str, list[Path_]] = {
    "buykorea": [("TEL_NO",), ("BIZRNO",)],
    "gobizkorea": [("company", "전화번호"), ("company", "이메일"), ("company", "사업자등록번호")],
    "tradekorea": [("contact", "phone"), ("contact", "email"), ("businessRegistrationNo",), ("contact",)],
}
KINDS = ("renamed", "of another type", "emptied", "of an unknown code")

Rows = set[tuple[object, ...]]


class Crowd(Stage):
    """The same with twenty times the sellers."""

    held = 0

    def pick(self, records: list[Record]) -> list[Record]:
        return [copy for each in records for copy in self._copies(each)]

    def _copies(self, record: Record) -> Iterator[Record]:
        yield record
        if record.kind is Kind.ACCOUNT:
            for number in range(1, COPIES):
                fields = json.loads(json.dumps(self._connector.decode(record.kind, record.body)))
                *above, name = ID[self.platform]
                external_id = f"{record.external_id}{number:02}"
                row = fields[above[0]] if above else fields
                row[name] = type(row[name])(external_id)
                yield replace(as_record(record, fields), external_id=external_id)

    def try_contacts(self, mutation: Mutation) -> Iterable[str]:
        """What of the sellers' contacts a broken export costs."""
        broken = [mutation.apply(each, self._connector) for each in self.records]
        clock = FakeClock()
        clock.advance(86_400)
        with self.trying() as database:
            before = _read(database)
            held = self.sync(database, broken)
            while_held = _read(database)
            if held.state == "held":
                reject_hold(database, 1, by="drill", clock=clock)
            rejected, left = _read(database), _count_waiting(database)
            again = self.sync(database, broken)
            after = _read(database)
        self.held += held.state == "held"
        if again.state != "succeeded":
            yield f"{mutation}: {again.state} when it comes again"
        for when, rows in (("held", while_held), ("rejected", rejected), ("come again", after)):
            if rows != before:
                yield f"{mutation}: {len(before - rows)} contacts are others once it is {when}"
        if left:
            yield f"{mutation}: {left} contacts wait for ever"


def _read(database: Database) -> Rows:
    with database.read() as connection:
        return {tuple(row) for row in connection.execute(select(contact))}


def _count_waiting(database: Database) -> int:
    with database.read() as connection:
        return len(connection.execute(select(waiting_contact)).all())


def drill(tally: Tally, folder: Path, *, is_full: bool) -> None:
    held = 0
    for platform in PLATFORMS:
        crowd = Crowd(platform, folder)
        every = [Mutation(platform, path, kind, Kind.ACCOUNT) for kind in KINDS for path in CONTACTS[platform]]
        for mutation in every if is_full else every[:1]:
            tally.count(*crowd.try_contacts(mutation))
        held += crowd.held
    tally.figures["held"] = str(held)


def test_a_broken_export_costs_no_contact(tmp_path: Path, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("E5 contacts", seed=SEED)

    drill(tally, tmp_path, is_full=is_full_drill)

    assert tally.violations == []
    assert int(tally.figures["held"]) >= 0.9 * tally.trials


@pytest.mark.parametrize("bug", ["contacts before the guards", "a rejected contact is kept"])
def test_a_planted_bug_is_found(
    bug: str, tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bug == "contacts before the guards":
        monkeypatch.setattr("integrator.store.accounts.let_contacts_wait", contacts.save_contacts)
    else:
        monkeypatch.setattr("integrator.store.account_versions.drop_contacts", lambda *_: None)
    tally = open_tally("E5 contacts", seed=SEED, planted=bug)

    tally.count(*Crowd("buykorea", tmp_path).try_contacts(Mutation("buykorea", ("TEL_NO",), "renamed", Kind.ACCOUNT)))

    assert tally.violations
