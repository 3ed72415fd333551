"""A buyer's question as a value: text to terms, choices, order and page; and back to an address."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from integrator.errors import InvalidQuery
from search.analysis import Word, asked_tokens, split_runs, split_words
from search.filters import PARAMETERS, Selection, read_selections, write_selections
from search.words import LANGUAGES, SORTS

LONGEST_TEXT = 200
MOST_TERMS = 16
PAGE_SIZE = 24
LARGEST_PAGE = 100
# Nobody reads further; a filter serves better, and no engine has to sort more.
DEEPEST = 1000

# Words that say nothing about goods; they are asked for only when nothing else was typed.
_SMALL_ENGLISH = ("a", "an", "and", "are", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with")
_SMALL_SPANISH = ("con", "de", "del", "el", "en", "la", "las", "los", "para", "por", "sin", "un", "una", "y")
_SMALL_WORDS = frozenset(_SMALL_ENGLISH + _SMALL_SPANISH)

# The parameters beside those of the filters.
OWN_PARAMETERS = ("q", "sort", "page", "size", "exact")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked. `words` are the tokens of each; with `exact` no typo is corrected. `page` counts from 1."""

    text: str = ""
    words: tuple[tuple[str, ...], ...] = ()
    filters: Mapping[str, Selection] = field(default_factory=dict)
    sort: str = "relevance"
    page: int = 1
    size: int = PAGE_SIZE
    lang: str = "en"
    exact: bool = False

    @property
    def terms(self) -> tuple[str, ...]:
        """All tokens, each once."""
        return tuple(token for word in self.words for token in word)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    def parameters(self) -> list[tuple[str, str]]:
        """The pairs of an address in one order, without what is as usual; `read_query` gives the same query back."""
        own = [("q", self.text)] if self.text else []
        usual = Query()
        later = {
            "sort": self.sort if self.sort != usual.sort else "",
            "page": str(self.page) if self.page > 1 else "",
            "size": str(self.size) if self.size != usual.size else "",
            "exact": "yes" if self.exact else "",
        }
        return [*own, *write_selections(self.filters), *((name, value) for name, value in later.items() if value)]

    def turn_to(self, page: int) -> "Query":
        """The same question, another page."""
        return replace(self, page=page)

    def sort_by(self, sort: str) -> "Query":
        """The same question in another order, from the first page."""
        return replace(self, sort=sort, page=1)

    def with_value(self, name: str, value: str) -> "Query":
        """One more value chosen."""
        values = self.filters[name].values if name in self.filters else ()
        return self._choose(name, Selection(values=tuple(dict.fromkeys((*values, value)))))

    def without_value(self, name: str, value: str) -> "Query":
        """One value fewer."""
        values = self.filters[name].values if name in self.filters else ()
        return self._choose(name, Selection(values=tuple(each for each in values if each != value)))

    def without_filter(self, name: str) -> "Query":
        """Nothing chosen in one filter."""
        return self._choose(name, Selection())

    def without_filters(self) -> "Query":
        """Nothing chosen at all."""
        return replace(self, filters={}, page=1)

    def _choose(self, name: str, selection: Selection) -> "Query":
        chosen = {**self.filters, name: selection}
        return replace(self, filters=read_selections(write_selections(chosen)), page=1)


def read_query(pairs: Iterable[tuple[str, str]], *, lang: str = "en") -> Query:
    """`name=value` pairs, of an address or a command, to a query. Raises InvalidQuery, with what to change."""
    own: dict[str, str] = {}
    rest = []
    for name, value in pairs:
        if name in OWN_PARAMETERS:
            own[name] = value
        else:
            rest.append((name, value))
    text = clean_text(own.get("q", ""))
    size = _read_count("size", own.get("size", ""), default=PAGE_SIZE, largest=LARGEST_PAGE)
    page = _read_count("page", own.get("page", ""), default=1, largest=DEEPEST)
    if page * size > DEEPEST:
        raise InvalidQuery(f"page is too deep: only the first {DEEPEST} results can be paged; add a filter instead")
    return Query(
        text=text,
        words=words_of(text),
        filters=read_selections(rest),
        sort=_one_of("sort", own.get("sort", "") or "relevance", SORTS),
        page=page,
        size=size,
        lang=_one_of("lang", lang, LANGUAGES),
        exact=own.get("exact", "").strip().lower() in {"yes", "true", "1"},
    )


def known_parameters() -> frozenset[str]:
    """All that an address may hold."""
    return frozenset((*OWN_PARAMETERS, *PARAMETERS))


def clean_text(text: str) -> str:
    """What was typed, on one line, without control characters, cut where nobody types on."""
    shown = "".join(
        " " if unicodedata.category(letter) in _NOT_TYPED else letter for letter in text[: LONGEST_TEXT * 2]
    )
    return " ".join(shown.split())[:LONGEST_TEXT].strip()


# Control, surrogate, private and unassigned characters. Format characters stay: some scripts need them.
_NOT_TYPED = frozenset({"Cc", "Cs", "Co", "Cn"})


def words_of(text: str) -> tuple[tuple[str, ...], ...]:
    """The words to ask for as tokens, each token once; small words only when there is nothing else."""
    runs = split_runs(text)
    words = []
    seen: set[str] = set()
    for run in [run for run in runs if run not in _SMALL_WORDS] or runs:
        tokens = tuple(token for token in dict.fromkeys(asked_tokens(run)) if token not in seen)
        tokens = tokens[: MOST_TERMS - len(seen)]
        seen.update(tokens)
        if tokens:
            words.append(tokens)
    return tuple(words)


def query_words(text: str) -> list[Word]:
    """The words of a query that typing errors are looked for in."""
    return [word for word in split_words(text) if word.folded not in _SMALL_WORDS]


def required_of(count: int) -> int:
    """How many of `count` words, or tokens of a word, a document must hold: 60 %, rounded up: two mean both."""
    return -(-count * 6 // 10)


def relaxed_of(count: int) -> int:
    """How many when that found nothing: a third, at least one."""
    return max(1, count // 3)


def _read_count(name: str, raw: str, *, default: int, largest: int) -> int:
    word = raw.strip()
    if not word:
        return default
    if not (word.isascii() and word.isdigit() and len(word) <= 6 and 1 <= int(word) <= largest):
        raise InvalidQuery(f"{name} must be a whole number from 1 to {largest}")
    return int(word)


def _one_of(name: str, word: str, known: Sequence[str] | Mapping[str, object]) -> str:
    if word not in known:
        raise InvalidQuery(f"{name} must be one of {', '.join(known)}")
    return word
