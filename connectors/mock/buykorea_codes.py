"""BuyKorea's code lists. Source: BuyKorea guide 1.4, section 7."""

from connectors.mock.buykorea_records import NEW_VERSION, OLD_VERSION, category_code, top_name
from connectors.mock.buykorea_wire import Field
from connectors.mock.days import DRIFT_DAY
from connectors.mock.goods import kinds, sectors

_CERTIFICATES = (
    "EU_CE", "EU_CPNP", "EU_ROHS", "EU_EMARK", "US_FDA", "US_UL", "US_API", "KR_KC", "KR_KS", "KR_HACCP",
    "KR_GMP", "KR_CGMP", "KR_GAP", "INT_ISO9001", "INT_ISO13485", "INT_ISO22716", "INT_IATF16949",
    "INT_OEKOTEX", "INT_FSC", "HALAL",
)  # fmt: skip
_CODES: dict[str, tuple[str, ...]] = {
    "UNIT": (
        "UNITS/대/Units",
        "PCS/개/Pieces",
        "EA/개/Each",
        "BOXES/상자/Boxes",
        "SETS/세트/Sets",
        "CARTONS/카톤/Cartons",
        "BAGS/포대/Bags",
        "KG/킬로그램/Kilogram",
        "G/그램/Gram",
        "TON/톤/Ton",
        "L/리터/Liter",
        "ML/밀리리터/Milliliter",
        "M/미터/Meter",
        "M2/제곱미터/Square meter",
        "YD/야드/Yard",
        "ROLLS/롤/Rolls",
        "PAIRS/켤레/Pairs",
        "DOZ/다스/Dozen",
    ),
    "TRNSP_CND": (
        *(
            f"{term}/{term}/{term}"
            for term in ("EXW", "FCA", "CPT", "CIP", "DPU", "DAP", "DDP", "FAS", "FOB", "CFR", "CIF")
        ),
        "NEGO/협의/Negotiable",
    ),
    "TRNSP_MTHD": ("SEA/해상/Sea", "AIR/항공/Air", "MULTI/복합/Multimodal", "NEGO/협의/Negotiable"),
    "APRV_STS": (
        "임시저장/임시저장/Draft",
        "승인대기/승인대기/Waiting",
        "승인완료/승인완료/Approved",
        "반려/반려/Rejected",
    ),
    "HIDE_RSN": (
        "SELLER/판매자 숨김/Hidden by seller",
        "CREDIT/신용/Credit",
        "PENDING/승인대기/Pending",
        "REJECT/반려/Rejected",
        "DELETED/삭제/Deleted",
    ),
    "CRTFC": tuple(f"{code}/{code.partition('_')[2] or code}/{code.replace('_', ' ')}" for code in _CERTIFICATES),
}


def rows(group: str, day: int) -> list[list[Field]]:
    """An unknown group has no rows. From the drift on there is a unit more, and the tree has another version."""
    if group == "CTGRY":
        return _categories(day)
    listed = list(_CODES.get(group, ()))
    if group == "UNIT" and day >= DRIFT_DAY:
        listed.append("PALLET/팔레트/Pallets")
    parts = (entry.split("/") for entry in listed)
    return [_row(group, code, korean, english, OLD_VERSION) for code, korean, english in parts]


def _row(group: str, code: str, korean: str, english: str, version: str) -> list[Field]:
    return [
        ("GRP_CD", group),
        ("CD", code),
        ("KOR_CD_NM", korean),
        ("ENG_CD_NM", english),
        ("VER", version),
        ("USE_YN", "Y"),
    ]


def _categories(day: int) -> list[list[Field]]:
    version = NEW_VERSION if day >= DRIFT_DAY else OLD_VERSION
    found = []
    for kind in kinds():
        korean = f"{sectors()[kind.sector].gobizkorea.partition(' (')[0]}>{kind.middle_korean}>{kind.korean[0]}"
        english = f"{top_name(kind.sector, day)} > {kind.middle} > {kind.english[0]}"
        found.append(_row("CTGRY", category_code(kind), korean, english, version))
    return found
