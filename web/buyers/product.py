"""The product page: the merged view with where each value comes from, its offers, and why they are one product."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Response, g, make_response, redirect, render_template, url_for
from sqlalchemy import Connection

from integrator.errors import UnknownProduct
from integrator.hs import tree
from integrator.listing import Listing, PriceStep
from integrator.product import Chosen, Headline, Product
from integrator.store.catalogue import Redirect, load_listings, load_product
from search.filters import BY_NAME
from web import i18n
from web.buyers.offers import compare, price_words, show_offer
from web.headers import is_known, keep, mark_of, not_modified
from web.i18n import gettext
from web.parts import parts
from web.reasons import why_one_product
from web.units import unit_words
from web.views import looks


@dataclass(frozen=True, slots=True)
class Fact:
    """One merged value with its source; `lang` when its text is in another language than the page."""

    label: str
    value: str
    chosen: Chosen | None = None
    rule: str = ""
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """All that the page needs of the database, read in one view."""

    product: Product
    listings: dict[tuple[str, str], Listing]
    sentence: str


def show_product(product_id: str) -> Response:
    """`GET /<lang>/product/<id>`; an old id leads to the product it became, in one hop."""
    with parts().wiring.database.read() as connection:
        found = load_product(connection, product_id)
        if isinstance(found, Redirect):
            return redirect(url_for("buyers.product", product_id=found.to), 301)  # type: ignore[return-value]
        if found is None:
            raise UnknownProduct(f"There is no product {product_id[:40]}, and there never was.")
        read = Read(found, _listings(connection, found), why_one_product(connection, found, g.lang))
    if not found.visible:
        return make_response(_render(read, g.lang), 410)
    parts().viewings.note(found.product_id)
    page = _render(read, g.lang)
    mark = mark_of("product", page, looks())
    return not_modified(mark) if is_known(mark) else keep(page, mark)


def _listings(connection: Connection, product: Product) -> dict[tuple[str, str], Listing]:
    rows = load_listings(connection, product.product_id) if len(product.offers) > 1 else []
    return {(listing.platform, listing.external_id): listing for _, visible, listing in rows if visible}


def _render(read: Read, lang: str) -> str:
    product = read.product
    title, title_lang = _title(product, lang)
    offers = [show_offer(offer, lang) for offer in product.offers]
    return render_template(
        "buyers/product.html",
        product=product,
        title=title,
        title_lang=title_lang,
        other_names=[(each, chosen.value) for each, chosen in product.names.items() if chosen.value != title],
        name=_chosen_name(product, lang),
        trail=_trail(product, lang),
        icon_name=f"s{product.category.section}" if product.category.section else "box",
        price=_price(product.headline, lang),
        price_note=price_words(product.headline.state),
        per=unit_words(product.headline.unit, lang) if product.headline.unit else "",
        headline_offer=next((each for each in offers if each.external_id == product.headline.external_id), None),
        facts=_facts(product, lang),
        certificates=[BY_NAME["certificate"].value_label(code, lang) for code in product.certificates],
        texts=_texts(product, lang),
        offers=offers,
        platforms=list(dict.fromkeys(offer.platform for offer in product.offers)),
        rows=compare(product.offers, read.listings, lang) if len(product.offers) > 1 else [],
        sentence=read.sentence,
        seen=max((offer.seen_at for offer in product.offers), default=None),
        ld=_linked_data(product, title) if product.visible else None,
    )


def _title(product: Product, lang: str) -> tuple[str, str | None]:
    shown = _shown_language(product, lang)
    return product.names[shown].value, None if shown == lang else shown


def _shown_language(product: Product, lang: str) -> str:
    return next(each for each in (lang, "en", "ko", *product.names) if each in product.names)


def _chosen_name(product: Product, lang: str) -> Fact:
    chosen = product.names[_shown_language(product, lang)]
    return Fact(gettext("Name"), chosen.value, chosen, rule_words(chosen.rule))


def _trail(product: Product, lang: str) -> list[tuple[str, str]]:
    """(category value, words) from the section down to the narrowest that has words."""
    category = product.category
    codes = [f"S{category.section}" if category.section else None, category.chapter, category.heading]
    return [(code, words) for code in codes if code and (words := tree.words(code, lang))]


def _price(headline: Headline, lang: str) -> str | None:
    if headline.amount is None:
        return None
    return i18n.money_span(headline.amount, headline.amount_to, headline.currency, lang)


# Facts ---------------------------------------------------------------------------------------------------------------


def rule_words(rule: str) -> str:
    """Why this value was chosen, in a few words."""
    words = {
        "only": gettext("the only value given"),
        "newest": gettext("from the listing changed last"),
        "majority": gettext("what most listings say"),
        "richest": gettext("the fullest text"),
        "clearest": gettext("the clearest name"),
    }
    return words.get(rule, rule)


def _facts(product: Product, lang: str) -> list[Fact]:
    labels = {
        "brand": gettext("Brand"),
        "model": gettext("Model"),
        "seller_number": gettext("Seller's number"),
        "origin": gettext("Origin"),
        "hs6": gettext("HS code"),
        "lead": gettext("Lead time"),
        "weight_kg": gettext("Weight"),
        "packaging": gettext("Packaging"),
        "port": gettext("Port"),
        "supply": gettext("Supply ability"),
        "payment": gettext("Payment"),
        "sample": gettext("Sample"),
        "online_order": gettext("Online order"),
    }
    return [
        Fact(label, value_words(name, chosen.value, lang), chosen, rule_words(chosen.rule))
        for name, label in labels.items()
        if (chosen := product.values.get(name))
    ]


def value_words(name: str, value: str, lang: str) -> str:
    """A merged value, written by the merge, in the page's language."""
    if name == "lead":
        return i18n.written_days(value)
    if name == "origin":
        return ", ".join(i18n.country(code, lang) for code in value.split(","))
    if name == "weight_kg":
        return i18n.quantity(Decimal(value), "KGM", lang)
    if name in ("sample", "online_order"):
        return gettext("Yes") if value == "yes" else gettext("No")
    if name == "hs6":
        return f"{value[:4]}.{value[4:]}"
    return value


def _texts(product: Product, lang: str) -> list[Fact]:
    """Descriptions, else summaries: the page's language first, then what there is."""
    for kind in ("description", "summary"):
        found = {name.partition(".")[2]: each for name, each in product.values.items() if name.startswith(f"{kind}.")}
        if found:
            order = sorted(found, key=lambda each: (each != lang, each != "en", each))
            return [
                Fact(
                    i18n.NAMES.get(each, each),
                    found[each].value,
                    found[each],
                    rule_words(found[each].rule),
                    None if each == lang else each,
                )
                for each in order
            ]
    return []


# For machines --------------------------------------------------------------------------------------------------------


def _linked_data(product: Product, title: str) -> dict[str, object]:
    """schema.org's Product; the template writes it with `tojson`, which leaves no way out of the element."""
    found: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": title,
        "productID": product.product_id,
        "offers": [offer for each in product.offers if (offer := _linked_offer(each.price.steps, each.url))],
    }
    for name, key in (("brand", "brand"), ("model", "model")):
        if name in product.values:
            found[key] = product.values[name].value
    return found


def _linked_offer(steps: Sequence[PriceStep], url: str | None) -> dict[str, object] | None:
    first = steps[0] if steps else None
    if first is None or first.currency is None:
        return None
    return {"@type": "Offer", "price": f"{first.amount:f}", "priceCurrency": first.currency, "url": url}
