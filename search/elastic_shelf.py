"""Our indices on a server by their aliases: the one that is asked, the one before, and one that is being filled.

    hanmaru-1.1-000001              an index; 1.1 is the version of analysis and document
    hanmaru-1.1                     the alias that is asked and written
    hanmaru-1.1-previous            what `rollback` goes back to
    hanmaru-1.1-000002-filling-3f…  a rebuild's index until it takes over; writers write to it too

Aliases change in one step over all readers. Each version has its own, so that an older program goes on with its index
while a newer one fills another beside it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from secrets import token_hex

from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from integrator.errors import IndexUnavailable
from integrator.ports import Clock
from search.documents import SHAPE
from search.elastic_address import Server
from search.elastic_client import WRITE_S
from search.elastic_schema import index_mapping, index_settings

# No product's id, which are ASCII: it is written anew with every commit, and tells what is visible.
MARK = "·commit"

# Who fills an index says every few seconds that he is alive; after a silence this long he is taken for dead.
BEAT_S = 5.0
SILENCE_S = 60.0

_FILLING = "-filling-"


@dataclass(frozen=True, slots=True)
class Filling:
    """An index that is being filled, under an alias of that filling alone: a later one never gets what it writes."""

    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class Places:
    """The indices of this version by their part, and whether there are some of other versions."""

    current: str | None
    previous: str | None
    filling: tuple[str, ...]
    known: tuple[str, ...]
    others: tuple[str, ...]


class Shelf:
    """Makes, finds, swaps and removes indices."""

    def __init__(self, client: Elasticsearch, server: Server, clock: Clock) -> None:
        self._client = client.options(request_timeout=WRITE_S)
        self._server = server
        self._clock = clock
        self.current = f"{server.prefix}-{SHAPE}"
        self._previous = f"{self.current}-previous"

    def places(self) -> Places:
        """What is there now."""
        found = self._client.indices.get_alias(index=f"{self._server.prefix}-*")
        pattern = re.compile(rf"{re.escape(self._server.prefix)}-([0-9]+\.[0-9]+)-[0-9]{{6}}")
        matches = {name: match for name in sorted(found) if (match := pattern.fullmatch(name))}
        ours = {name: frozenset(found[name]["aliases"]) for name, match in matches.items() if match[1] == SHAPE}
        return Places(
            current=next((name for name, aliases in ours.items() if self.current in aliases), None),
            previous=next((name for name, aliases in ours.items() if self._previous in aliases), None),
            filling=tuple(name for name, aliases in ours.items() if any(_FILLING in each for each in aliases)),
            known=tuple(ours),
            others=tuple(name for name in matches if name not in ours),
        )

    def begin(self) -> None:
        """The first use makes an empty index; one of another version asks to be rebuilt instead."""
        places = self.places()
        if places.current is not None:
            return
        if places.others:
            raise IndexUnavailable("the search index is of another version; rebuild it with `hanmaru index rebuild`")
        try:
            self._create(next_name(self.current, places.known), self.current)
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise

    def filling(self) -> list[Filling]:
        """What is being filled now; what dead processes left is removed."""
        try:
            found = self._client.indices.get_alias(name=f"{self.current}-*{_FILLING}*")
        except NotFoundError:
            return []
        named = [Filling(name, alias) for name, about in found.items() for alias in about["aliases"]]
        return [each for each in named if self._is_alive(each)]

    def open_fresh(self) -> Filling:
        """A new index to fill. Raises IndexUnavailable while another process fills one."""
        if self.filling():
            raise IndexUnavailable("the search index is being rebuilt already")
        name = next_name(self.current, self.places().known)
        fresh = Filling(name, f"{name}{_FILLING}{token_hex(4)}")
        self._create(fresh.name, fresh.alias)
        return fresh

    def beat(self, fresh: Filling) -> None:
        """Whoever fills an index is alive."""
        document = {"beat": self._clock.now().timestamp()}
        self._client.index(index=fresh.alias, id=MARK, document=document, require_alias=True)

    def take_over(self, fresh: Filling) -> None:
        """A filled index becomes the one that is asked; what was before stays as the previous one."""
        places = self.places()
        actions = [_change("add", fresh.name, self.current), _change("remove", fresh.name, fresh.alias)]
        if places.current is not None:
            actions += [_change("remove", places.current, self.current), _change("add", places.current, self._previous)]
        if places.previous is not None:
            actions.append(_change("remove", places.previous, self._previous))
        self._client.indices.update_aliases(actions=actions)

    def tidy(self) -> None:
        """Remove what no alias names; and indices of other versions, once this one has an earlier index of its own."""
        places = self.places()
        named = {places.current, places.previous, *places.filling}
        orphans = [name for name in places.known if name not in named]
        for name in (*orphans, *(places.others if places.previous else ())):
            self._client.indices.delete(index=name, ignore_unavailable=True)

    def roll_back(self) -> str:
        """Swap the current and the previous index."""
        places = self.places()
        if places.previous is None or places.current is None:
            raise IndexUnavailable("there is no earlier index to go back to")
        pairs = ((places.current, self.current, self._previous), (places.previous, self._previous, self.current))
        actions = [
            action for name, old, new in pairs for action in (_change("remove", name, old), _change("add", name, new))
        ]
        self._client.indices.update_aliases(actions=actions)
        return places.previous

    def give_up(self, fresh: Filling) -> None:
        """Remove an index that was not finished, unless it took over or another process does so this moment."""
        try:
            self._client.indices.update_aliases(actions=[_change("remove", fresh.name, fresh.alias)])
        except NotFoundError:
            return
        self._client.indices.delete(index=fresh.name, ignore_unavailable=True)

    def _create(self, name: str, alias: str) -> None:
        settings = index_settings(shards=self._server.shards, replicas=self._server.replicas)
        mapping = {**index_mapping(), "_meta": {"begun": self._clock.now().timestamp()}}
        self._client.indices.create(index=name, settings=settings, mappings=mapping, aliases={alias: {}})

    def _is_alive(self, fresh: Filling) -> bool:
        """Whether the one who fills it said so lately; otherwise the index is removed."""
        try:
            silence = self._clock.now().timestamp() - self._last_beat(fresh)
        except NotFoundError:
            return True  # it took over this moment, or was given up
        if silence <= SILENCE_S:
            return True
        self.give_up(fresh)
        return False

    def _last_beat(self, fresh: Filling) -> float:
        [about] = self._client.indices.get_mapping(index=fresh.alias).values()
        try:
            mark = self._client.get(index=fresh.alias, id=MARK, stored_fields=["beat"])
        except NotFoundError:
            return float(about["mappings"]["_meta"]["begun"])
        return float(mark["fields"]["beat"][0])


def next_name(family: str, known: Iterable[str]) -> str:
    """The next index of a version."""
    return f"{family}-{max((int(name.rpartition('-')[2]) for name in known), default=0) + 1:06d}"


def _change(verb: str, index: str, alias: str) -> dict[str, dict[str, object]]:
    # Whoever finds the aliases changed by somebody else fails instead of undoing it.
    must = {"must_exist": True} if verb == "remove" else {}
    return {verb: {"index": index, "alias": alias, **must}}
