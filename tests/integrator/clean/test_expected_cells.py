"""Every cell of expected.md that is a reading of one text, read from the samples without any connector."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from integrator import export
from integrator.clean.dates import read_day, read_instant, read_loose_day
from integrator.clean.hs import read_hs
from integrator.clean.identity import read_brn, read_web_host, read_zip
from integrator.clean.price import QuotedLine, price_of_lines, price_of_upper_steps, read_price_text
from integrator.clean.quantity import lead_of, read_lead, read_moq
from integrator.clean.text import read_names

FEEDS = Path(__file__).parents[2] / "golden" / "feeds"
Cells = dict[str, str]


def tables() -> list[list[Cells]]:
    """The pipe tables of expected.md in order, as rows by column name."""
    found: list[list[Cells]] = []
    columns: list[str] = []
    for line in (FEEDS / "expected.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            columns = []
        elif not columns:
            columns = cells
            found.append([])
        elif set(cells[0]) != {"-"}:
            found[-1].append(dict(zip(columns, cells, strict=True)))
    return found


def accepted(number: int) -> dict[str, Cells]:
    """Accepted rows of one platform's listing table; "P800103 (page 2)" is P800103."""
    return {row["id"].split(" ")[0]: row for row in tables()[number] if row["verdict"] == "accept"}


def buykorea_rows() -> dict[str, dict[str, object]]:
    rows = {}
    text = (FEEDS / "buykorea/goodsList_page1.xml").read_text("utf-8")
    for element in ElementTree.fromstring(text).iter("item"):  # noqa: S314 - a committed sample
        row: dict[str, object] = {field.tag: field.text or "" for field in element}
        row["steps"] = [{part.tag: part.text for part in step} for step in element.iter("SCTN")]
        rows[str(row["GOODS_SN"])] = row
    page = json.loads((FEEDS / "buykorea/goodsList_page2.json").read_text("utf-8"))
    for sent in page["response"]["body"]["items"]["item"]:
        steps = sent["PRC_SCTN"]["SCTN"] if sent["PRC_SCTN"] else []
        rows[str(sent["GOODS_SN"])] = {**sent, "steps": steps if isinstance(steps, list) else [steps]}
    return rows


def gobizkorea_table(name: str) -> list[Cells]:
    text = (FEEDS / f"gobizkorea/100250/plain/{name}-0001.csv").read_bytes().decode("cp949")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def tradekorea_rows() -> dict[str, dict[str, object]]:
    pages = [json.loads((FEEDS / f"tradekorea/products_page{number}.json").read_text("utf-8")) for number in (1, 2)]
    return {row["productNo"]: row for page in pages for row in page["items"]}


def attribute(row: dict[str, object], name: str) -> str | None:
    pairs = row["attributes"]
    assert isinstance(pairs, list)
    return next((pair["value"] for pair in pairs if pair["name"] == name), None)


def text(value: object) -> str | None:
    assert value is None or isinstance(value, str)
    return value


BUYKOREA, GOBIZKOREA, TRADEKOREA = accepted(0), accepted(3 - 1), accepted(4)


def test_the_tables_are_those_this_file_knows() -> None:
    assert [len(BUYKOREA), len(GOBIZKOREA), len(TRADEKOREA)] == [14, 13, 14]


@pytest.mark.parametrize("key", BUYKOREA)
def test_buykorea_cells(key: str) -> None:
    row, cells = buykorea_rows()[key], BUYKOREA[key]

    assert export.write_hs(read_hs(text(row["HS_CD"])).value) == cells["hs"]
    assert export.write_lead(lead_of(int(str(row["LEAD_MIN"])), int(str(row["LEAD_MAX"])))) == cells["lead"]
    moment = read_day(row["UPD_DT"], field="updated").value
    assert moment is not None
    assert export.write_moment(moment) == cells["updated"]
    names = read_names(en=text(row["ENG_GOODS_NM"]), ko=text(row["KOR_GOODS_NM"])).value
    assert names["en"] == cells["name"]


@pytest.mark.parametrize(
    "key", [key for key, cells in BUYKOREA.items() if cells["price"] not in ("hidden", "negotiable")]
)
def test_buykorea_prices(key: str) -> None:
    steps = buykorea_rows()[key]["steps"]
    assert isinstance(steps, list)

    lines = [
        QuotedLine(str(step["USD_AMT"]), "USD", step["UNIT_CD"], None, maximum=int(step["MAX_QTY"])) for step in steps
    ]

    assert export.write_price(price_of_upper_steps(lines).value) == BUYKOREA[key]["price"]


@pytest.mark.parametrize("key", GOBIZKOREA)
def test_gobizkorea_cells(key: str) -> None:
    row = [row for row in gobizkorea_table("product") if row["상품번호"] == key][-1]
    lines = [
        QuotedLine(
            line["단가"],
            line["통화"],
            line["단위"],
            line["인코텀즈"],
            minimum=int(line["최소수량"]) if line["최소수량"] else None,
        )
        for line in gobizkorea_table("price_line")
        if line["상품번호"] == key
    ]
    cells = GOBIZKOREA[key]

    assert export.write_hs(read_hs(row["HS부호"]).value) == cells["hs"]
    assert export.write_moq(read_moq(row["최소주문량"]).value[0]) == cells["moq"]
    assert export.write_lead(read_lead(row["납기"]).value) == cells["lead"]
    assert export.write_price(price_of_lines(lines).value) == cells["price"]
    names = read_names(en=row["상품명(영문)"], ko=row["상품명(국문)"]).value
    assert names.get("en", names["ko"]) == cells["name"]


@pytest.mark.parametrize("key", TRADEKOREA)
def test_tradekorea_cells(key: str) -> None:
    row, cells = tradekorea_rows()[key], TRADEKOREA[key]

    price = read_price_text(text(row.get("priceText")), basis=text(row.get("priceBasis")))
    assert export.write_price(price.value) == cells["price"]
    assert export.write_moq(read_moq(text(row.get("minimumOrder"))).value[0]) == cells["moq"]
    assert export.write_lead(read_lead(attribute(row, "Lead Time")).value) == cells["lead"]
    assert export.write_hs(read_hs(attribute(row, "HS Code")).value) == cells["hs"]
    moment = read_instant(row["updatedAt"], field="updated").value
    assert moment is not None
    assert export.write_moment(moment) == cells["updated"]
    assert read_names(en=text(row["name"]), ko=None).value == {"en": cells["name"]}


@pytest.mark.parametrize("cells", tables()[1], ids=lambda cells: cells["id"])
def test_company_cells(cells: Cells) -> None:
    root = ElementTree.fromstring((FEEDS / "buykorea/entpList.xml").read_text("utf-8"))  # noqa: S314 - a committed sample
    rows = [{field.tag: field.text or "" for field in element} for element in root.iter("item")]
    row = next(row for row in rows if row["ENTP_SN"] == cells["id"])

    brn, valid = read_brn(row["BIZRNO"]).value
    established = read_loose_day(row["ESTBL_DE"], field="established").value
    assert (brn or "-") == cells["brn"]
    assert {True: "yes", False: "no" if brn else "-"}[valid] == cells["brn valid"]
    assert (read_zip(row["ZIP"], address=row["ENG_ADRES"]).value or "-") == cells["zip"]
    assert (read_web_host(row["HMPG_URL"]).value or "-") == cells["homepage host"]
    assert (established or "-")[:4] == cells["year"]
    assert read_names(en=row["ENG_ENTP_NM"], ko=row["KOR_ENTP_NM"]).value["en"] == cells["name"]
