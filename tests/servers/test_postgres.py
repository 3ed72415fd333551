"""PostgreSQL as the tests have it."""

import psycopg


def test_databases_are_apart_and_go_with_their_block(postgres):
    with postgres.database() as one, postgres.database() as other:
        with psycopg.connect(one, autocommit=True) as connection:
            connection.execute("CREATE TABLE shelf (name text)")

        assert list_tables(one) == ["shelf"]
        assert list_tables(other) == []

    assert not {one.rpartition("/")[2], other.rpartition("/")[2]} & set(list_databases(postgres.url))


def test_a_copy_of_a_database_holds_what_it_held(postgres):
    with postgres.database() as original:
        with psycopg.connect(original, autocommit=True) as connection:
            connection.execute("CREATE TABLE shelf AS SELECT '한마루' AS name")

        with postgres.database(template=original) as copy, psycopg.connect(copy) as connection:
            assert connection.execute("SELECT name FROM shelf").fetchall() == [("한마루",)]


def test_a_database_goes_with_whoever_is_connected(postgres):
    url = postgres.make_database()

    with psycopg.connect(url):
        postgres.drop_database(url)

    assert url.rpartition("/")[2] not in list_databases(postgres.url)


def list_tables(url):
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return [name for (name,) in found]


def list_databases(url):
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()]
