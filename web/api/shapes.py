"""Our values as the plain rows that the schemas write."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from flask import url_for

from integrator.hs import tree
from integrator.listing import Price, PriceStep
from integrator.product import CategoryChoice, Chosen, Headline, Offer, Product, Source
from search.documents import Card
from search.engine import Bucket
from search.filters import BY_NAME
from search.searching import Hit, Results
from search.sidebar import value_label

Row = dict[str, object]


def shape_results(results: Results, facets: Sequence[str]) -> Row:
    """One page of a search."""
    lang = results.query.lang
    return {
        "total": results.total,
        "page": results.query.page,
        "size": results.query.size,
        "corrected": results.corrected,
        "relaxed": results.relaxed,
        "results": [_hit(hit, lang) for hit in results.hits],
        "close": [_hit(hit, lang) for hit in results.close],
        "facets": [_facet(name, results.facets[name], lang) for name in facets],
    }


def shape_product(product: Product, lang: str, *, why: str) -> Row:
    """A product with its offers and sources."""
    return {
        "product_id": product.product_id,
        "title": next(
            product.names[each].value for each in (lang, "en", "ko", *product.names) if each in product.names
        ),
        "names": {each: _chosen(chosen) for each, chosen in product.names.items()},
        "seller": {"id": product.seller_id, "name": product.seller_name},
        "category": _category(product.category, lang),
        "category_rule": product.category.rule,
        "headline": _headline(product.headline),
        "offers": [_offer(offer) for offer in product.offers],
        "values": {name: _chosen(chosen) for name, chosen in sorted(product.values.items())},
        "certificates": product.certificates,
        "keywords": product.keywords,
        "attributes": [{"name": name, "value": value} for name, value in product.attributes],
        "images": [{"url": image.url, "alt": image.alt} for image in product.images],
        "why": why,
        "updated_at": _time(product.updated_at),
    }


def _hit(hit: Hit, lang: str) -> Row:
    card = hit.card
    return {
        "product_id": hit.product_id,
        "title": card.title(lang),
        "names": {each: name for each, name in card.titles.items() if "-" not in each},
        "score": hit.score,
        "url": url_for("catalogue.show_product", product_id=hit.product_id),
        "seller": {"id": card.seller_id, "name": card.seller_name},
        "brand": card.brand,
        "category": _category(card, lang),
        "listings": [_listing(*pair) for pair in card.listings],
        "platforms": card.platforms,
        "offers": card.offer_count,
        "price_state": card.price_state,
        "price_usd": _number(card.price_usd),
        "unit_class": card.unit_class,
        "moq": _number(card.moq),
        "lead_days": card.lead_days,
        "certificates": card.certificates,
        "terms": card.terms,
        "origin": card.origin,
        "sample": card.sample,
        "online_order": card.online_order,
        "availability": card.availability,
        "updated_at": _time(datetime.fromtimestamp(card.updated_at, UTC)) if card.updated_at else None,
    }


def _facet(name: str, buckets: Sequence[Bucket], lang: str) -> Row:
    row = BY_NAME[name]
    values = [{"value": each.value, "label": value_label(row, each, lang), "count": each.count} for each in buckets]
    return {"name": name, "label": row.label(lang), "values": values}


def _category(place: Card | CategoryChoice, lang: str) -> Row:
    section = f"S{place.section}" if place.section else None
    return {
        "section": _named(section, lang),
        "chapter": _named(place.chapter, lang),
        "heading": _named(place.heading, lang),
    }


def _named(code: str | None, lang: str) -> Row | None:
    return {"code": code, "label": tree.words(code, lang) or code} if code else None


def _listing(platform: str, external_id: str) -> Row:
    return {"platform": platform, "id": external_id}


def _chosen(chosen: Chosen) -> Row:
    return {
        "value": chosen.value,
        "rule": chosen.rule,
        "source": _source(chosen.source),
        "losers": [_source(each) for each in chosen.losers],
    }


def _source(source: Source) -> Row:
    return {"listing": _listing(source.platform, source.external_id), "value": source.value}


def _headline(headline: Headline) -> Row:
    return {
        "listing": _listing(headline.platform, headline.external_id),
        "rule": headline.rule,
        "price_state": headline.state,
        "amount": _number(headline.amount),
        "amount_to": _number(headline.amount_to),
        "currency": headline.currency,
        "unit": headline.unit,
        "term": headline.term,
        "price_usd": _number(headline.price_usd),
        "unit_class": headline.unit_class,
        "moq": _number(headline.moq),
        "lead_days": headline.lead_days,
        "rate_day": headline.rate_day,
    }


def _offer(offer: Offer) -> Row:
    return {
        "listing": _listing(offer.platform, offer.external_id),
        "names": offer.names,
        "account": offer.account_name,
        "url": offer.url,
        "price": _price(offer.price),
        "moq": {
            "state": offer.moq.state.value,
            "minimum": _number(offer.moq.minimum),
            "maximum": _number(offer.moq.maximum),
            "unit": offer.moq.unit,
        },
        "lead": {
            "state": offer.lead.state.value,
            "min_days": offer.lead.min_days,
            "max_days": offer.lead.max_days,
            "business": offer.lead.business,
        },
        "terms": offer.terms,
        "availability": offer.availability,
        "updated_at": _time(offer.updated_at),
        "seen_at": _time(offer.seen_at),
        "stale": offer.stale,
    }


def _price(price: Price) -> Row:
    return {"state": price.state.value, "steps": [_step(step) for step in price.steps]}


def _step(step: PriceStep) -> Row:
    return {
        "low": step.low,
        "high": step.high,
        "amount": _number(step.amount),
        "amount_to": _number(step.amount_to),
        "currency": step.currency,
        "unit": step.unit,
        "term": step.term,
    }


def _number(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
