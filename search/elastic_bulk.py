"""Writing to Elasticsearch in bulk: each document by its external version, each with an answer of its own."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from elasticsearch import Elasticsearch
from elasticsearch.helpers import parallel_bulk

from integrator.errors import IndexUnavailable
from integrator.ports import Ack, Clock, DocumentVersion, IndexDocument
from search.documents import prepare
from search.elastic_client import WRITE_S
from search.elastic_schema import Body, living_body, pack_version, tombstone_body

# Two requests under way keep a server of a few cores busy while the next documents are made ready.
_THREADS = 2
_CHUNK = 500
_CHUNK_BYTES = 8_000_000

# A server that is full takes more after a moment; one that stays full gets the rest with the next run.
_PAUSES_S = (0.2, 1.0, 3.0)

THERE_ALREADY = "an equal or newer version is there"
_LONGEST_REASON = 300

_encode = msgspec.json.Encoder().encode


class IndexGone(IndexUnavailable):
    """What was to be written to is no alias of an index (any more)."""


@dataclass(frozen=True, slots=True)
class Write:
    """One document as the server gets it; `reason` instead of a source: it cannot be written at all."""

    product_id: str
    version: int = 0
    source: bytes = b""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """What the server said to one write; `is_whole`: it said so of the whole request."""

    place: int
    status: int
    reason: str
    is_whole: bool


def writes_of(documents: Iterable[IndexDocument]) -> Iterator[Write]:
    """Documents made ready, one by one."""
    for document in documents:
        try:
            version = pack_version(document.version)
            yield Write(document.product_id, version, _encode(living_body(prepare(document))))
        except (ValueError, OverflowError) as error:
            yield Write(document.product_id, reason=str(error) or "it cannot be written")


def tombstones_of(drops: Iterable[tuple[str, DocumentVersion]]) -> Iterator[Write]:
    """What takes products out."""
    source = _encode(tombstone_body())
    for product_id, version in drops:
        yield Write(product_id, pack_version(version), source)


class Bulk:
    """Writes to one alias; never to a name that is none, as the server would make an index of it."""

    def __init__(self, client: Elasticsearch, alias: str, clock: Clock) -> None:
        self._client = client.options(request_timeout=WRITE_S)
        self._alias = alias
        self._clock = clock

    def write(self, writes: Iterable[Write], kept: list[Write]) -> list[Ack]:
        """One Ack a write, in order; the writes are added to `kept`.

        A conflict with an equal or newer version counts as done. Raises IndexUnavailable when some cannot be written
        now (what was written stays), IndexGone when the alias is none.
        """
        acks: dict[int, Ack] = {}
        waiting: Iterable[int] = _keeping(writes, kept)
        for pause in (*_PAUSES_S, None):
            said = self._send(waiting, kept, chunk=_CHUNK)
            # One that nobody can read must not keep the others of its request out.
            alone = [each.place for each in said if each.is_whole and each.status in (400, 413)]
            if len(alone) > 1:
                said = [each for each in said if each.place not in set(alone)] + self._send(alone, kept, chunk=1)
            acks |= self._settle(said, kept)
            later = [each for each in said if each.place not in acks]
            if not later:
                return [acks.get(place) or _refusal(write) for place, write in enumerate(kept)]
            if pause is None:
                raise IndexUnavailable(f"the search server takes no more now ({later[0].reason})")
            self._clock.sleep(pause)
            waiting = [each.place for each in later]
        raise AssertionError("the last pause is None")

    def _send(self, places: Iterable[int], kept: Sequence[Write], *, chunk: int) -> list[_Said]:
        sent: list[int] = []
        results = parallel_bulk(
            self._client,
            (self._action(place, kept[place], sent) for place in places),
            thread_count=_THREADS,
            queue_size=_THREADS,
            chunk_size=chunk,
            max_chunk_bytes=_CHUNK_BYTES,
            raise_on_error=False,
            raise_on_exception=False,
            require_alias=True,
        )
        said = [
            _read_verdict(place, kept[place], verdict) for place, (_, verdict) in zip(sent, list(results), strict=False)
        ]
        if len(said) != len(sent):
            raise IndexUnavailable("the search server did not answer for each document")
        return said

    def _action(self, place: int, write: Write, sent: list[int]) -> Body:
        sent.append(place)
        return {
            "_index": self._alias,
            "_id": write.product_id,
            "_version": write.version,
            "_version_type": "external",
            "_source": write.source,
        }

    def _settle(self, said: Sequence[_Said], kept: Sequence[Write]) -> dict[int, Ack]:
        """An answer to each write that has one; those to be tried again have none."""
        if any(each.status == 404 for each in said):
            raise IndexGone("the search index is not there")
        acks = {each.place: Ack(kept[each.place].product_id, ok=True) for each in said if each.status < 300}
        for each in said:
            if each.status in (400, 413):
                acks[each.place] = Ack(kept[each.place].product_id, ok=False, reason=each.reason)
        conflicts = [each.place for each in said if each.status == 409]
        return acks | self._settle_conflicts(conflicts, kept)

    def _settle_conflicts(self, places: Sequence[int], kept: Sequence[Write]) -> dict[int, Ack]:
        """Looked up, not believed: only a version that is there lets a write count as done."""
        if not places:
            return {}
        ids = sorted({kept[place].product_id for place in places})
        docs = self._client.mget(index=self._alias, ids=ids, source=False)["docs"]
        there = {doc["_id"]: int(doc.get("_version", -1)) for doc in docs}
        acks = {}
        for place in places:
            write = kept[place]
            is_done = there.get(write.product_id, -1) >= write.version
            acks[place] = Ack(write.product_id, ok=is_done, reason=THERE_ALREADY if is_done else "version conflict")
        return acks


def _keeping(writes: Iterable[Write], kept: list[Write]) -> Iterator[int]:
    """The places of those that can be written, as they are made ready."""
    for write in writes:
        kept.append(write)
        if not write.reason:
            yield len(kept) - 1


def _refusal(write: Write) -> Ack:
    return Ack(write.product_id, ok=False, reason=write.reason)


def _read_verdict(place: int, write: Write, verdict: dict[str, Any]) -> _Said:
    (said,) = verdict.values()
    if said.get("_id") != write.product_id:
        raise IndexUnavailable("the search server answered for another document")
    whole = said.get("exception")
    error = whole.body.get("error") if whole is not None and isinstance(whole.body, dict) else said.get("error")
    return _Said(place, int(said.get("status", 500)), _reason(error), whole is not None)


def _reason(error: object) -> str:
    """The innermost cause, which says most."""
    while isinstance(error, dict):
        inner = error.get("caused_by")
        if not isinstance(inner, dict):
            return f"{error.get('type')}: {error.get('reason')}"[:_LONGEST_REASON]
        error = inner
    return str(error or "")[:_LONGEST_REASON]
