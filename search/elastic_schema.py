"""What an index of Elasticsearch looks like: settings, the mapping made of the filter registry, and its documents."""

from collections.abc import Mapping

from integrator.ports import DocumentVersion
from search.documents import NUMBER_FIELDS, ORDERS, SELLER_FACET, TERM_FIELDS, Prepared, order_field

Body = dict[str, object]

# A version is one number for the engine, 63 bits: restores from a backup in the high ones, document versions below.
_SEQUENCE_BITS = 40
_EPOCH_BITS = 23


def pack_version(version: DocumentVersion) -> int:
    """Rises as the pairs do. Raises ValueError for one that does not fit."""
    if not (0 <= version.epoch < 1 << _EPOCH_BITS and 0 <= version.sequence < 1 << _SEQUENCE_BITS):
        raise ValueError("the version does not fit into 63 bits")
    return version.epoch << _SEQUENCE_BITS | version.sequence


def index_settings(*, shards: int, replicas: int) -> Body:
    """Nothing is refreshed by itself: what was put is found after a commit."""
    return {"number_of_shards": shards, "number_of_replicas": replicas, "refresh_interval": "-1"}


def index_mapping() -> Body:
    """Tokens in one field without positions; everything else raw, for filters, facets and orders.

    Strict: a field that is not of the registry is refused. The source is not kept: the catalogue's own store has it,
    and what a result shows is in `card`.
    """
    raw: Body = {"type": "keyword"}
    fields: Body = {
        "text": {"type": "text", "analyzer": "whitespace", "index_options": "freqs"},
        "words": raw,
        "live": {"type": "boolean"},
        "seal": raw,
        "key": {"type": "long", "index": False},
        # As text it may be of any length.
        "card": {"type": "text", "index": False, "store": True},
        "beat": {"type": "double", "index": False, "doc_values": False, "store": True},
        **dict.fromkeys(TERM_FIELDS, raw),
        SELLER_FACET: {"type": "keyword", "index": False},
        **{name: {"type": "double"} for name in NUMBER_FIELDS},
        **{order_field(name): {"type": "long"} for name in ORDERS},
    }
    return {"dynamic": "strict", "_source": {"enabled": False}, "properties": fields}


def living_body(prepared: Prepared) -> Body:
    """A document that can be found."""
    terms: Mapping[str, tuple[str, ...]] = {name: values for name, values in prepared.terms.items() if values}
    return {
        "live": True,
        "seal": prepared.seal,
        "key": prepared.key,
        "text": prepared.text,
        "words": prepared.words.split(),
        "card": prepared.card.decode(),
        SELLER_FACET: prepared.maker or None,
        **terms,
        **prepared.numbers,
        **{order_field(name): order for name, order in prepared.orders.items()},
    }


def tombstone_body() -> Body:
    """What stays of a product that was taken out; its version is the engine's own."""
    return {"live": False}
