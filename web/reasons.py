"""Why listings are one product, in one public sentence, from the receipts kept when it was decided."""

from sqlalchemy import Connection

from integrator.product import Product
from integrator.resolve.receipts import write_sentence
from integrator.store.catalogue import load_edges, load_seller_edges


def why_one_product(connection: Connection, product: Product, lang: str) -> str:
    """The strongest receipt between two of the offers, in words; empty when there is one offer only."""
    accounts = {
        f"{each.platform}:{each.external_id}:{each.generation}": f"{each.platform}:{each.account_id}"
        for each in product.offers
    }
    if len(accounts) < 2:
        return ""
    inside = [each for each in load_edges(connection, product.product_id) if {each.left, each.right} <= accounts.keys()]
    same = next((each for each in inside if each.verdict == "same"), None)
    if same is None:
        return ""
    # Offers of one account need no evidence that their sellers are one.
    apart = accounts[same.left] != accounts[same.right]
    return write_sentence(same, lang, sellers=load_seller_edges(connection, product.seller_id) if apart else ())
