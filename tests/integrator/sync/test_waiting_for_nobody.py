"""While a feed is asked, nothing of the database is held."""

from sqlalchemy import text

from tests.databases import POSTGRESQL

# Whoever asks holds its own.
_HELD = text("""
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'
""")


def test_no_lock_is_held_while_a_feed_is_asked(world, feed, backend) -> None:
    held = []

    def look(_page: int) -> None:
        with world.database.read() as connection:
            if backend == POSTGRESQL:
                held.append(connection.execute(_HELD).scalar_one())
        with world.database.write(feed.platform):  # our turn: the walk is in no transaction
            held.append(0)

    feed.on_page = look

    assert world.sync().state == "succeeded"
    assert world.sync(full=True).state == "succeeded"
    assert set(held) == {0}
