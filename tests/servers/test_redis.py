"""Redis as the tests have it."""

import pytest
import redis


def test_lent_databases_are_apart_and_come_empty(redis_server):
    with redis_server.database() as one, redis_server.database() as other:
        with redis.Redis.from_url(one) as client:
            client.set("bell", "rings")
        with redis.Redis.from_url(other) as client:
            assert client.get("bell") is None

    with redis_server.database() as again, redis.Redis.from_url(again) as client:
        assert again == one
        assert client.get("bell") is None


def test_a_lone_redis_can_be_killed_and_comes_back_empty_at_its_address(lone_redis):
    with redis.Redis.from_url(lone_redis.url) as client:
        client.set("bell", "rings")

        lone_redis.kill()

        with pytest.raises(redis.ConnectionError):
            client.get("bell")
        lone_redis.start()
        assert client.get("bell") is None
