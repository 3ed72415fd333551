"""Homes whose database is on a PostgreSQL; index, spool and log lie in the folder as ever."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Self
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.drills.crash.home import Home
from tests.servers.postgres import PREFIX, PostgresServer


@dataclass(frozen=True, slots=True)
class ServerHome(Home):
    """The database's name follows from the folder, so that it is known before there is one."""

    server: PostgresServer

    @property
    def url(self) -> str:
        return urlsplit(self.server.url)._replace(path=f"/{self._name}").geturl()

    @property
    def _name(self) -> str:
        return PREFIX + blake2b(str(self.folder).encode(), digest_size=6).hexdigest()

    def make(self) -> Self:
        Home.make(self)
        self._begin("template0")
        return self

    def copy_to(self, other: Self) -> Self:
        Home.copy_to(self, other)
        other._begin(self._name)
        return other

    def _begin(self, template: str) -> None:
        """Whatever a killed process still holds of the one before ends with it."""
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            for words in ("DROP DATABASE IF EXISTS {0} WITH (FORCE)", "CREATE DATABASE {0} TEMPLATE {1}"):
                names = (sql.Identifier(self._name), sql.Identifier(template))
                connection.execute(sql.SQL(words).format(*names))
