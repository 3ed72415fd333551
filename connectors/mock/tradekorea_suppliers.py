"""tradeKorea's suppliers and category tree. Source: tradeKorea guide 1.2, sections 2 and 7."""

from connectors.mock import names, wording
from connectors.mock.accounts import Statement, international
from connectors.mock.days import DAY, DRIFT_DAY, moment
from connectors.mock.goods import sectors
from connectors.mock.rng import Draw
from connectors.mock.tradekorea_records import Numbers, Record, mask_mail, mask_phone

_MARKETS = ("North America", "Japan", "South East Asia", "Western Europe", "Middle East", "China", "South America")


def supplier_record(statement: Statement, numbers: Numbers, *, scope: str, seed: int, day: int) -> Record:
    draw, firm = Draw(seed, "tk supplier", statement.account), statement.firm
    _, city, _, street, _, _ = names.PLACES[firm.place]
    surname, _, given = statement.person[1].partition(" ")
    is_member = scope == "member"
    phone, mail, person = international(statement.phone) or None, statement.mail or None, f"{given} {surname}"
    return {
        "id": numbers.supplier(statement.account),
        "name": statement.english,
        "country": "KR",
        "address": f"{firm.house}, {street}, {city}" if draw.chance(0.9) else None,
        "zip": firm.zip if draw.chance(0.9) else None,
        "homepage": statement.homepage or None,
        "businessType": draw.pick((["Manufacturer", "Exporter"], ["Manufacturer"], ["Trading Company"], [])),
        "yearEstablished": str(firm.founded[0]) if day >= DRIFT_DAY or draw.chance(0.3) else firm.founded[0],
        "employees": draw.pick(("11~50", "51~100", "101~200", None)),
        "mainMarkets": draw.sample(_MARKETS, draw.below(4)),
        "businessRegistrationNo": (statement.brn if is_member else f"{statement.brn[:3]}-**-*****")
        if statement.brn
        else None,
        "contact": {
            "person": person if is_member else f"{person[0]}***",
            "phone": phone if is_member else mask_phone(phone),
            "email": mail if is_member else mask_mail(mail),
        },
        "updatedAt": moment(statement.updated_day * DAY + statement.updated_second).isoformat(),
    }


def categories() -> Record:
    rows: list[Record] = []
    for sector in sectors():
        rows.append({"code": sector.prefix, "parent": None, "name": sector.tradekorea})
        for middle in dict.fromkeys(kind.middle for kind in sector.kinds):
            rows.append({"code": f"{sector.prefix}-{wording.slug(middle)}", "parent": sector.prefix, "name": middle})
    # One leaf is late: listings carry its code before the tree does.
    return {"version": "2026-1", "items": rows[:-1]}
