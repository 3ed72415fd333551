"""One search, on any engine: mend typing errors, ask, relax what finds nothing, and say what was done."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from search.documents import Card, read_card
from search.engine import SCORE, Answer, Ask, AskedWord, Bucket, Engine, Found
from search.filters import clauses, price_classes
from search.query import Query, query_words, relaxed_of, required_of, words_of
from search.vocabulary import Vocabulary, errors_forgiven

# Below this many results the close matches are shown too, apart from what was asked for.
FEW = 5
MOST_CLOSE = 6

# Questions whose facets are remembered; they are forgotten with the next commit, which changes the generation.
_MOST_COUNTED = 256

Facets = Mapping[str, tuple[Bucket, ...]]


@dataclass(frozen=True, slots=True)
class Hit:
    """One product found."""

    product_id: str
    score: float
    card: Card

    @property
    def listings(self) -> tuple[tuple[str, str], ...]:
        return self.card.listings


@dataclass(frozen=True, slots=True)
class Results:
    """What a search gave.

    `corrected` is the text that was asked instead of the typed one. `relaxed`: nothing held enough of the words, so
    these hold some of them. `close` are such near misses beside a few full hits. `terms` are the tokens to highlight.
    """

    query: Query
    total: int
    hits: tuple[Hit, ...]
    facets: Facets = field(default_factory=dict)
    terms: tuple[str, ...] = ()
    corrected: str | None = None
    relaxed: bool = False
    close: tuple[Hit, ...] = ()
    took_ms: float = 0.0


class Finder:
    """Searches one engine; keeps the vocabulary of its newest generation. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._vocabulary: tuple[str, Vocabulary] | None = None
        self._counted: OrderedDict[tuple[str, Ask], Facets] = OrderedDict()

    def generation(self) -> str:
        """See Engine.generation; an address and this make an ETag."""
        return self._engine.generation()

    def search(self, query: Query, *, facets: Sequence[str] = ()) -> Results:
        """Find a page of products and count `facets` (names of filters). Raises IndexUnavailable."""
        began = time.perf_counter()
        corrected = None if query.exact else self._correct(query.text)
        words = words_of(corrected) if corrected else query.words
        terms = tuple(token for word in words for token in word)
        ask = _ask(query, words)
        answer = self._engine.ask(ask)
        relaxed = answer.total == 0 and len(terms) > 1
        if relaxed:
            ask = _relax(ask)
            answer = self._engine.ask(ask)
        close = () if relaxed else self._close(ask, answer)
        return Results(
            query=query,
            total=answer.total,
            hits=_hits(answer.found),
            facets=self._count(ask, facets),
            terms=terms,
            corrected=corrected,
            relaxed=relaxed and answer.total > 0,
            close=close,
            took_ms=(time.perf_counter() - began) * 1000,
        )

    def _count(self, ask: Ask, facets: Sequence[str]) -> Facets:
        """Facets are the same on every page and in every order, and many buyers begin with the same question."""
        if not facets:
            return {}
        ask = replace(ask, order=SCORE, offset=0, limit=0, facets=tuple(facets))
        mark = (self._engine.generation(), ask)
        with self._lock:
            known = self._counted.get(mark)
        if known is None:
            known = _named(self._engine.ask(ask).facets)
            with self._lock:
                self._counted[mark] = known
                while len(self._counted) > _MOST_COUNTED:
                    self._counted.popitem(last=False)
        return known

    def _close(self, ask: Ask, answer: Answer) -> tuple[Hit, ...]:
        """Beside a few results, some that hold fewer of the words."""
        if not 0 < answer.total < FEW or len(ask.words) < 2 or ask.offset:
            return ()
        wider = replace(_relax(ask), order=SCORE, limit=MOST_CLOSE + answer.total)
        shown = {found.product_id for found in answer.found}
        near = [found for found in self._engine.ask(wider).found if found.product_id not in shown]
        return _hits(near[:MOST_CLOSE])

    def _correct(self, text: str) -> str | None:
        """The text with each word mended that the catalogue does not know; None when nothing was."""
        named = [word for word in query_words(text) if word.is_name and errors_forgiven(word.folded)]
        tokens = tuple(dict.fromkeys(token for word in named for token in word.tokens))
        counts = dict(zip(tokens, self._engine.frequencies(tokens), strict=True)) if tokens else {}
        suspects = [word for word in named if not all(counts[token] for token in word.tokens)]
        mended = text
        for word in reversed(suspects):
            better = self._words().mend(word.folded)
            if better:
                mended = mended[: word.start] + better + mended[word.end :]
        return mended if mended != text else None

    def _words(self) -> Vocabulary:
        generation = self._engine.generation()
        with self._lock:
            if self._vocabulary is None or self._vocabulary[0] != generation:
                self._vocabulary = (generation, Vocabulary.from_counts(self._engine.vocabulary()))
            return self._vocabulary[1]


def _ask(query: Query, words: tuple[tuple[str, ...], ...]) -> Ask:
    # Without words there is no score to go by: the newest come first.
    order = query.sort if query.sort != "relevance" else (SCORE if words else "newest")
    return Ask(
        words=tuple(AskedWord(tokens, required_of(len(tokens))) for tokens in words),
        required=required_of(len(words)),
        clauses=tuple(clauses(query.filters).items()),
        order=order,
        offset=query.offset,
        limit=query.size,
        price_classes=price_classes(query.filters),
    )


def _relax(ask: Ask) -> Ask:
    words = tuple(AskedWord(word.tokens, relaxed_of(len(word.tokens))) for word in ask.words)
    return replace(ask, words=words, required=relaxed_of(len(words)))


def _hits(found: Sequence[Found]) -> tuple[Hit, ...]:
    return tuple(Hit(each.product_id, each.score, read_card(each.card)) for each in found)


def _named(facets: Facets) -> Facets:
    """Makers come as id and name in one; two names of one id (a change half published) are one maker."""
    if "seller" not in facets:
        return dict(facets)
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    for bucket in facets["seller"]:
        seller_id, _, name = bucket.value.partition("\t")
        counts[seller_id] = counts.get(seller_id, 0) + bucket.count
        names.setdefault(seller_id, name or seller_id)
    makers = tuple(Bucket(seller_id, count, names[seller_id]) for seller_id, count in counts.items())
    return {**facets, "seller": makers}
