"""The index on Elasticsearch: one server or a cluster, asked and written by any number of processes at a time."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeVar

from elasticsearch import Elasticsearch, NotFoundError

from integrator.errors import IndexUnavailable
from integrator.ports import Ack, Clock, DocumentVersion, IndexDocument, IndexWriter
from search.analysis import ANALYSIS_VERSION
from search.elastic_address import Server
from search.elastic_bulk import Bulk, IndexGone, Write, tombstones_of, writes_of
from search.elastic_client import as_unavailable, connect
from search.elastic_reader import Reader
from search.elastic_shelf import BEAT_S, MARK, Shelf
from search.engine import Answer, Ask, Status

_T = TypeVar("_T")


class ElasticIndex:
    """A SearchIndex on a server. Connects at its first use, and again in each process that uses it."""

    def __init__(self, server: Server, *, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._clients: dict[int, Elasticsearch] = {}
        self._is_written = False

    # Reading ---------------------------------------------------------------------------------------------------------

    def generation(self) -> str:
        """See Engine.generation: the index, and how often something was committed to it."""
        return self._reading(lambda _: self._generation())

    def ask(self, ask: Ask) -> Answer:
        """See Engine.ask."""
        return self._reading(lambda reader: reader.ask(ask))

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """See Engine.frequencies."""
        return self._reading(lambda reader: reader.frequencies(terms))

    def vocabulary(self) -> list[tuple[str, int]]:
        """See Engine.vocabulary."""
        return self._reading(lambda reader: reader.vocabulary())

    def digests(self) -> Iterator[tuple[str, DocumentVersion, str]]:
        """See IndexWriter.digests."""
        with as_unavailable():
            self._shelf().begin()
            yield from self._reader(self._shelf().current).digests()

    def status(self) -> Status:
        """See SearchIndex.status."""
        try:
            return self._reading(self._figures)
        except IndexUnavailable as error:
            return Status("elasticsearch", "", 0, 0, 0, ANALYSIS_VERSION, problem=str(error))

    def _figures(self, reader: Reader) -> Status:
        documents, tombstones = reader.counts()
        stats = self._client().indices.stats(index=self._shelf().current, metric=["store"])
        size = int(stats["_all"]["primaries"]["store"]["size_in_bytes"])
        previous = self._shelf().places().previous
        return Status("elasticsearch", self._generation(), documents, tombstones, size, ANALYSIS_VERSION, previous)

    def _generation(self) -> str:
        try:
            mark = self._client().get(index=self._shelf().current, id=MARK, source=False)
        except NotFoundError as error:
            if not isinstance(error.body, dict) or error.body.get("found") is not False:
                raise
            return f"{error.body['_index']}-0"
        return f"{mark['_index']}-{mark['_seq_no']}"

    def _reading(self, work: Callable[[Reader], _T]) -> _T:
        with as_unavailable():
            try:
                return work(self._reader(self._shelf().current))
            except NotFoundError:
                self._shelf().begin()
                return work(self._reader(self._shelf().current))

    # Writing ---------------------------------------------------------------------------------------------------------

    def put(self, documents: Sequence[IndexDocument]) -> list[Ack]:
        """See IndexWriter.put."""
        return self._write(writes_of(documents))

    def drop(self, drops: Sequence[tuple[str, DocumentVersion]]) -> list[Ack]:
        """See IndexWriter.drop."""
        return self._write(tombstones_of(drops))

    def commit(self) -> None:
        """See IndexWriter.commit. Content first, then the mark: a generation is never older than what it names."""
        if self._is_written:
            with as_unavailable():
                alias = self._shelf().current
                self._reader(alias).refresh()
                self._client().index(index=alias, id=MARK, document={}, require_alias=True)
            self._is_written = False

    def close(self) -> None:
        """See SearchIndex.close."""
        self._is_written = False
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()

    @contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        """See IndexWriter.rebuild. Others go on writing, to both; what a dead process leaves is removed by the next."""
        shelf = self._shelf()
        with as_unavailable():
            filling = shelf.open_fresh()
        bulk, reader = self._bulk(filling.alias), self._reader(filling.alias)
        fresh = _FreshIndex(bulk, reader, lambda: shelf.beat(filling), self._clock)
        try:
            yield fresh
            with as_unavailable():
                fresh.commit()
        except BaseException:
            with suppress(IndexUnavailable), as_unavailable():
                shelf.give_up(filling)
            raise
        # From here on the index may be the one that is asked, whatever the server says: it is not removed any more.
        with as_unavailable():
            shelf.take_over(filling)
        with suppress(IndexUnavailable), as_unavailable():
            shelf.tidy()

    def rollback(self) -> str:
        """See SearchIndex.rollback."""
        with as_unavailable():
            return self._shelf().roll_back()

    def _write(self, writes: Iterable[Write]) -> list[Ack]:
        self._is_written = True
        kept: list[Write] = []
        with as_unavailable():
            beside = self._shelf().filling()
            acks = self._write_current(writes, kept)
            for each in beside:
                try:
                    self._bulk(each.alias).write(kept, [])
                except IndexGone:
                    # It took over meanwhile, or was given up: what is current now gets what it lacks.
                    acks = self._write_current(kept, [])
            return acks

    def _write_current(self, writes: Iterable[Write], kept: list[Write]) -> list[Ack]:
        bulk = self._bulk(self._shelf().current)
        try:
            return bulk.write(writes, kept)
        except IndexGone:
            self._shelf().begin()
            return bulk.write(list(kept), [])

    # Parts -----------------------------------------------------------------------------------------------------------

    def _client(self) -> Elasticsearch:
        # After a fork the parent's connections belong to the parent.
        process = os.getpid()
        if process not in self._clients:
            self._clients = {process: connect(self._server)}
        return self._clients[process]

    def _shelf(self) -> Shelf:
        return Shelf(self._client(), self._server, self._clock)

    def _reader(self, alias: str) -> Reader:
        return Reader(self._client(), alias, shards=self._server.shards)

    def _bulk(self, alias: str) -> Bulk:
        return Bulk(self._client(), alias, self._clock)


class _FreshIndex:
    """The IndexWriter of an index that is being filled; says every few seconds that its process is alive."""

    def __init__(self, bulk: Bulk, reader: Reader, beat: Callable[[], None], clock: Clock) -> None:
        self._bulk = bulk
        self._reader = reader
        self._beat = beat
        self._clock = clock
        self._next_beat = clock.monotonic()

    def put(self, documents: Sequence[IndexDocument]) -> list[Ack]:
        """See IndexWriter.put."""
        return self._write(writes_of(documents))

    def drop(self, drops: Sequence[tuple[str, DocumentVersion]]) -> list[Ack]:
        """See IndexWriter.drop."""
        return self._write(tombstones_of(drops))

    def commit(self) -> None:
        """See IndexWriter.commit."""
        with as_unavailable():
            self._reader.refresh()

    def digests(self) -> Iterator[tuple[str, DocumentVersion, str]]:
        """See IndexWriter.digests."""
        with as_unavailable():
            for each in self._reader.digests():
                self._show_life()
                yield each

    def rebuild(self) -> AbstractContextManager[IndexWriter]:
        """An index that is being filled cannot be rebuilt; the one it is to replace can."""
        raise IndexUnavailable("this index is already being rebuilt")

    def _write(self, writes: Iterable[Write]) -> list[Ack]:
        with as_unavailable():
            self._show_life()
            return self._bulk.write(writes, [])

    def _show_life(self) -> None:
        if self._clock.monotonic() >= self._next_beat:
            self._beat()
            self._next_beat = self._clock.monotonic() + BEAT_S
