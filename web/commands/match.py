"""Same or different, for operators: why listings are one product, and a person's decision about a pair."""

import json
from typing import Any

import click

from integrator.product import Product, Receipt
from web.config import Settings
from web.wiring import Wiring

_LANGUAGE = click.option("--lang", type=click.Choice(["en", "ko", "es"]), default="en", show_default=True)


@click.command()
@click.argument("product")
@_LANGUAGE
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with every feature and its weight.")
def explain(product: str, lang: str, as_json: bool) -> None:
    """Say why the listings of PRODUCT (its id, or PLATFORM:ID of a listing) are one product."""
    from integrator.store import catalogue

    database = Wiring(Settings.from_environment()).database
    with database.read() as connection:
        found = catalogue.require_product(connection, _product_id(connection, product))
        receipts = catalogue.load_edges(connection, found.product_id)
        sellers = catalogue.load_seller_edges(connection, found.seller_id)
    if as_json:
        click.echo(json.dumps(_as_document(found, receipts, sellers, lang), ensure_ascii=False, indent=1))
    else:
        _print(found, receipts, sellers, lang)


def _product_id(connection: Any, named: str) -> str:
    from integrator.errors import UnknownListing
    from integrator.store import catalogue

    platform, colon, external_id = named.partition(":")
    if not colon:
        return named
    found = catalogue.find_product_of(connection, platform, external_id)
    if found is None:
        raise UnknownListing(f"No live listing {external_id} of {platform} has a product.")
    return found


def _as_document(found: Product, receipts: list[Receipt], sellers: list[Receipt], lang: str) -> dict[str, object]:
    from msgspec import to_builtins

    from integrator.resolve.receipts import write_seller_sentence, write_sentence

    return {
        "product_id": found.product_id,
        "name": found.name,
        "seller_id": found.seller_id,
        "listings": [[offer.platform, offer.external_id] for offer in found.offers],
        "receipts": [
            {"sentence": write_sentence(each, lang, sellers=sellers), **to_builtins(each)} for each in receipts
        ],
        "sellers": [{"sentence": write_seller_sentence(each, lang), **to_builtins(each)} for each in sellers],
    }


def _print(found: Product, receipts: list[Receipt], sellers: list[Receipt], lang: str) -> None:
    from integrator.resolve.receipts import write_seller_sentence, write_sentence

    click.echo(f"{found.product_id}  {found.name}  ({found.seller_name})")
    for offer in found.offers:
        click.echo(f"  {offer.platform}:{offer.external_id}  {next(iter(offer.names.values()), '')}")
    for receipt in receipts:
        click.echo(f"\n{receipt.left}  {receipt.verdict}  {receipt.right}  {receipt.score:+.2f} ({receipt.release})")
        click.echo(f"  {write_sentence(receipt, lang, sellers=sellers)}")
        for each in receipt.evidence:
            click.echo(f"  {each.weight:+7.2f}  {each.feature:<20} {each.left[:48]} | {each.right[:48]}".rstrip(" |"))
    for receipt in sellers:
        click.echo(f"\n{receipt.left}  {receipt.verdict}  {receipt.right}")
        click.echo(f"  {write_seller_sentence(receipt, lang)}")
    if not receipts:
        click.echo("One listing alone: nothing was merged.")


@click.command()
@click.argument("verdict", type=click.Choice(["same", "different", "unsure"]))
@click.argument("one")
@click.argument("other")
@click.option("--sellers", is_flag=True, help="ONE and OTHER are accounts, not listings.")
@click.option("--by", required=True, help="Who decides.")
@click.option("--reason", default="", help="Why, for those who come later.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def judge(verdict: str, one: str, other: str, sellers: bool, by: str, reason: str, as_json: bool) -> None:
    """Decide that ONE and OTHER (PLATFORM:ID each) are the same or different; `unsure` takes a decision back.

    Decisions outrank every rule. The next sync, detail or replay of any platform applies them.
    """
    from integrator.resolve.decide import decide

    wiring = Wiring(Settings.from_environment())
    kind = "seller" if sellers else "product"
    now = wiring.clock.now().timestamp()
    made = decide(wiring.database, kind, one, other, verdict, by=by, reason=reason, now=now)
    if as_json:
        document = {"kind": kind, "left": made.left, "right": made.right, "verdict": made.verdict, "by": made.by}
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        click.echo(f"{made.left} and {made.right} are {made.verdict}, says {made.by}.")
