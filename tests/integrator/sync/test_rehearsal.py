"""A replay that writes nothing says what today's parser would read otherwise."""

from dataclasses import replace
from typing import Any

from integrator.errors import Reason, RejectedRecord
from integrator.explain.rehearsal import rehearse_replay
from integrator.issues import NAME_MISSING
from integrator.listing import Account, Detail, Listing
from integrator.record import Kind, Record
from integrator.store.tables import archive, metadata
from integrator.sync.detailing import read_details
from integrator.sync.replay import replay_feed
from tests.fakes.connector import FakeConnector


class LaterParser(FakeConnector):
    """Brands are read, prices are lost, names are in capitals; descriptions and firms are read otherwise too."""

    def _listing(self, record: Record) -> Listing:
        if record.external_id == "005":
            raise RejectedRecord([Reason("ID_INVALID", "external_id")])
        fields = {**record.fields, "name": str(record.fields.get("name") or "nameless").upper()}
        read = super()._listing(self.record(Kind.LISTING, fields, 0))
        return replace(read, brand="Acme", price=replace(read.price, steps=()))

    def _detail_of(self, record: Record) -> Detail:
        return replace(super()._detail_of(record), descriptions={})

    def _account(self, record: Record) -> Account:
        return replace(super()._account(record), country="KR")


def snapshot(world: Any) -> dict[str, list[dict[str, object]]]:
    return {name: world.rows(name) for name in metadata.tables}


def test_the_same_parser_would_change_nothing(synced) -> None:
    found = rehearse_replay(synced.database, synced.feed)

    assert (found.read, found.fields, found.rejected) == ({"listing": 20, "account": 2}, {}, {})


def test_a_later_parser_s_changes_are_counted_by_field_and_nothing_is_written(synced) -> None:
    before = snapshot(synced)

    found = rehearse_replay(synced.database, LaterParser(parser_version=2))

    assert found.fields["listing", "names.en"].changed == 19
    assert found.fields["listing", "brand"].filled == 19
    assert found.fields["listing", "price.steps"].lost == 19
    assert found.fields["account", "country"].filled == 2
    assert found.rejected == {"ID_INVALID": 1}
    example = found.fields["listing", "names.en"].examples[0]
    assert (example.external_id, example.before, example.after) == ("000", "Hand cream 000", "HAND CREAM 000")
    assert snapshot(synced) == before


def test_details_are_read_again_too(synced) -> None:
    read_details(synced.database, synced.feed, synced.clock, limit=4)

    found = rehearse_replay(synced.database, LaterParser(parser_version=2))

    assert found.read["detail"] == 4
    assert found.fields["detail", "descriptions.en"].lost == 4


def test_a_rejected_record_that_could_be_used_is_counted(world, change) -> None:
    change("003", name="")
    world.sync()

    found = rehearse_replay(world.database, LaterParser(parser_version=2), rejected=True)

    assert (found.read, found.usable) == ({"listing": 1}, 1)
    assert rehearse_replay(world.database, world.feed, rejected=True).usable == 0


def test_a_masked_value_would_be_kept(synced, change) -> None:
    change("003", price="9.00", updated=2000)
    synced.sync()

    found = rehearse_replay(synced.database, FakeConnector(scope="public", parser_version=2))

    assert ("listing", "price.state") not in found.fields


def test_a_record_that_is_not_kept_any_more_is_counted_apart(synced) -> None:
    with synced.database.write() as connection:
        connection.execute(archive.delete())

    assert rehearse_replay(synced.database, synced.feed).not_kept == 22


def test_a_code_that_is_no_field_of_the_record_stands_among_its_issues(synced) -> None:
    class Complaining(FakeConnector):
        def _listing(self, record: Record) -> Listing:
            fields = {**record.fields, "unit": "PALLET"}
            return super()._listing(self.record(Kind.LISTING, fields, 0))

    found = rehearse_replay(synced.database, Complaining(parser_version=2))

    assert found.fields["listing", "issues"].examples[0].after == ["UNIT_UNKNOWN"]
    assert NAME_MISSING not in found.rejected


def test_what_is_foretold_of_details_is_what_a_replay_does(synced) -> None:
    read_details(synced.database, synced.feed, synced.clock, limit=4)
    before = {each["listing_key"]: each["read_at"] for each in synced.rows("detail")}
    later = LaterParser(parser_version=2)
    foretold = rehearse_replay(synced.database, later).fields["detail", "descriptions.en"]

    outcome = replay_feed(synced.database, later, synced.clock)

    assert f"{foretold.lost} details changed" in outcome.reason
    details = synced.rows("detail")
    assert {each["parser_version"] for each in details} == {2}
    assert not any(b"Made with care" in bytes(each["content"]) for each in details)
    assert {each["listing_key"]: each["read_at"] for each in details} == before
    assert synced.marked() == {"A1", "A2"}
    assert ("detail", "descriptions.en") not in rehearse_replay(synced.database, later).fields
