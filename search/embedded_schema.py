"""The tantivy schema, and one prepared document in it."""

import tantivy

from search.documents import NUMBER_FIELDS, ORDERS, SELLER_FACET, TERM_FIELDS, Prepared, order_field


def build_schema() -> tantivy.Schema:
    """Tokens in one field without positions; everything else raw, for filters, facets and orders."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="basic")
    for name in ("id", "seal", "live"):
        builder.add_text_field(name, stored=name == "id", tokenizer_name="raw", index_option="basic")
    for name in (*TERM_FIELDS, SELLER_FACET):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in NUMBER_FIELDS:
        builder.add_float_field(name, fast=True)
    for name in ("epoch", "sequence", *map(order_field, ORDERS)):
        builder.add_integer_field(name, fast=True)
    builder.add_integer_field("key", indexed=True, fast=True)
    builder.add_bytes_field("card", stored=True)
    return builder.build()


def write_document(prepared: Prepared) -> tantivy.Document:
    """A living document."""
    document = _marked(prepared.product_id, prepared.key, prepared.version.epoch, prepared.version.sequence)
    for name, text in (("live", "1"), ("seal", prepared.seal), ("text", prepared.text), ("words", prepared.words)):
        document.add_text(name, text)
    for name, values in prepared.terms.items():
        for value in values:
            document.add_text(name, value)
    if prepared.maker:
        document.add_text(SELLER_FACET, prepared.maker)
    for name, number in prepared.numbers.items():
        document.add_float(name, number)
    for name, order in prepared.orders.items():
        document.add_integer(order_field(name), order)
    document.add_bytes("card", prepared.card)
    return document


def write_tombstone(product_id: str, key: int, epoch: int, sequence: int) -> tantivy.Document:
    """What stays of a product that was taken out: its version, so that no older write brings it back."""
    return _marked(product_id, key, epoch, sequence)


def _marked(product_id: str, key: int, epoch: int, sequence: int) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("id", product_id)
    document.add_integer("key", key)
    document.add_integer("epoch", epoch)
    document.add_integer("sequence", sequence)
    return document
