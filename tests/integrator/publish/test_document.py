"""The document of a product: what is public, and a digest that moves only when it does."""

from dataclasses import replace
from decimal import Decimal

from integrator.listing import Attribute, Certificate, Contact, Hs, HsState, Price, PriceState
from integrator.ports import DocumentVersion
from integrator.product import Product
from integrator.publish.document import digest_of, make_document
from integrator.store import catalogue
from tests.fakes.shop import Shop, make_listing

HS = Hs(HsState.EXACT6, "330499", "330499")
VERSION = DocumentVersion(1, 7)


def product_of(shop: Shop, name: str) -> Product:
    with shop.database.read() as connection:
        return catalogue.require_product(connection, shop.product_of(name))


def stock(shop: Shop, **fields: object) -> Product:
    shop.account("buykorea", "1", "Nurion Cosmetic", brn="0018100017", phone="+82550000001", email="kim@nurion.example")
    shop.account("tradekorea", "9", "Nurion Cosmetic", brn="0018100017")
    shop.listing(make_listing("buykorea", "100", "1", "Centella Face Cream 50ml", hs=HS, **fields))
    shop.listing(make_listing("tradekorea", "P1", "9", "Centella Face Cream, 50 ml", hs=HS, terms=("CIF",)))
    shop.resolve()
    return product_of(shop, "buykorea:100")


def test_a_document_holds_what_search_needs(shop: Shop) -> None:
    made = make_document(
        stock(shop, attributes=(Attribute("Volume", "50 ml"),), certificates=(Certificate("EU_CE", "CE"),)), VERSION
    )
    assert made.listings == (("buykorea", "100"), ("tradekorea", "P1"))
    assert made.platforms == ("buykorea", "tradekorea")
    assert (made.section, made.chapter, made.heading) == ("06", "33", "3304")
    assert made.hs6 == ("330499",)
    assert made.certificates == ("CE",)
    assert made.attributes == ("Volume: 50 ml",)
    assert made.terms == ("CIF", "FOB")
    assert (made.price_state, made.unit_class, made.price_usd) == ("priced", "piece", Decimal(10))
    assert made.offer_count == 2
    assert made.version == VERSION
    assert len(made.kind_words) >= 3
    assert made.stored["seller"] == "Nurion Cosmetic"


def test_no_number_mail_or_person_reaches_a_document(shop: Shop) -> None:
    text = str(make_document(stock(shop), VERSION))
    for private in ("0018100017", "kim@", "+8255"):
        assert private not in text


def test_a_hidden_price_reaches_no_document(shop: Shop) -> None:
    hidden = Price(PriceState.HIDDEN, make_listing("buykorea", "1", "1", "x").price.steps)
    shop.account("buykorea", "1", "Nurion")
    shop.listing(make_listing("buykorea", "100", "1", "Centella Face Cream 50ml", price=hidden))
    shop.resolve()
    made = make_document(product_of(shop, "buykorea:100"), VERSION)
    assert (made.price_state, made.price_usd, made.stored.get("amount")) == ("hidden", None, None)


def test_the_digest_leaves_the_version_out_and_takes_everything_else_in(shop: Shop) -> None:
    product = stock(shop)
    assert make_document(product, VERSION).digest == make_document(product, DocumentVersion(2, 9)).digest
    assert digest_of(product) == make_document(product, VERSION).digest
    assert digest_of(replace(product, seller_name="Other")) != digest_of(product)


def test_seeing_a_listing_again_unchanged_moves_no_digest(shop: Shop) -> None:
    product = stock(shop)
    offers = tuple(replace(offer, seen_at=offer.updated_at) for offer in product.offers)
    assert digest_of(replace(product, offers=offers)) == digest_of(product)


def test_contacts_are_no_part_of_a_stored_listing(shop: Shop) -> None:
    shop.listing(make_listing("buykorea", "100", "1", "Cream", contact=Contact(phone="+82550000001")))
    shop.resolve()
    assert "+8255" not in str(product_of(shop, "buykorea:100"))
