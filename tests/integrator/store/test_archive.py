"""Raw records come back byte by byte."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from integrator.record import Kind
from integrator.store.archive import Archive, ArchiveReader, Raw, name_body
from integrator.store.database import Database
from integrator.store.tables import archive, dictionary


def _raw(body: bytes, *, kind: Kind = Kind.LISTING) -> Raw:
    return Raw(name_body("buykorea", kind, body), kind, "1", "p1", 0, body)


def _keep(database: Database, raws: list[Raw], archive_: Archive | None = None) -> None:
    with database.write() as connection:
        (archive_ or Archive("buykorea")).keep(connection, raws, run=1, now=1.0)


def _find(database: Database, raws: list[Raw]) -> dict[bytes, bytes]:
    with database.read() as connection:
        return {name: kept.body for name, kept in ArchiveReader().find(connection, [raw.hash for raw in raws]).items()}


def _listing(number: int) -> bytes:
    return f'{{"GOODS_SN": {number}, "ENG_GOODS_NM": "Hand cream {number} ml", "EXPSR_YN": "Y"}}'.encode() * 4


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_bytes_come_back_as_they_were(database, body) -> None:
    _keep(database, [_raw(body)])

    assert _find(database, [_raw(body)]) == {_raw(body).hash: body}


def test_the_same_bytes_are_kept_once(database) -> None:
    _keep(database, [_raw(b"x"), _raw(b"x")])
    _keep(database, [_raw(b"x")])

    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(archive)).scalar() == 1


def test_platform_and_kind_are_part_of_the_name() -> None:
    names = {name_body(platform, kind, b"x") for platform in ("a", "b") for kind in (Kind.LISTING, Kind.DETAIL)}

    assert len(names) == 4


def test_a_dictionary_is_trained_once_and_bodies_before_and_after_it_come_back(database) -> None:
    raws = [_raw(_listing(number)) for number in range(1500)]
    one = Archive("buykorea")
    for start in range(0, 1500, 300):
        _keep(database, raws[start : start + 300], one)
    _keep(database, [_raw(_listing(9999))])  # another run finds the dictionary that is there

    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(dictionary)).scalar() == 1
        used = connection.execute(select(archive.c.dictionary, func.count()).group_by(archive.c.dictionary)).all()
    assert {number for number, _ in used} == {None, 1}
    assert _find(database, raws) == {raw.hash: raw.body for raw in raws}


def test_a_dictionary_made_in_a_transaction_that_failed_is_not_used(database) -> None:
    raws = [_raw(_listing(number)) for number in range(600)]
    one = Archive("buykorea")
    with database.engine.connect() as connection, connection.begin() as transaction:
        one.keep(connection, raws, run=1, now=1.0)
        transaction.rollback()
    one.forget()

    _keep(database, raws, one)

    assert _find(database, raws) == {raw.hash: raw.body for raw in raws}
