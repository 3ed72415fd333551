"""What an account states about its firm: other spellings on each platform, gaps, mistakes and masks."""

from dataclasses import dataclass

from connectors.mock import names
from connectors.mock.days import Days
from connectors.mock.firms import Firm, check_digit
from connectors.mock.rng import Draw
from connectors.mock.world import Recent, World

_AGENT_PHONE = "02-000-0001"
_AGENTS_FROM_SIZE = 1000
"""In a small world one trade centre's number would be shared by too few firms to be seen as such."""


@dataclass(frozen=True, slots=True)
class Statement:
    account: int
    firm: Firm
    english: str
    korean: str
    brn: str
    """Ten digits, right or wrong; a mask with `*`; or empty."""
    homepage: str
    """As typed, or empty."""
    phone: str
    mail: str
    person: tuple[str, str]
    updated_day: int
    updated_second: int
    number: int
    """Spread over the platform's account numbers; see each platform's id form."""


class Accounts:
    """The statements of one platform's accounts on one day."""

    def __init__(self, world: World, platform: int, day: int) -> None:
        self._world, self._platform, self._day = world, platform, day
        self._days = Days(world, platform)
        self._statements: Recent[int, Statement] = Recent(self._make)

    def statement(self, account: int) -> Statement:
        return self._statements.get(account)

    def _make(self, account: int) -> Statement:
        draw = Draw(self._world.seed, "account", self._platform, account)
        firm = self._world.firm(account // 2)
        day, renamed = self._days.rename_day(account), self._days.rename_day(account) <= self._day
        old_day = -31 - draw.below(700)
        english, korean = self._names(account, firm, renamed=renamed)
        return Statement(
            account=account,
            firm=firm,
            english=english,
            korean=korean,
            brn=_brn(draw, firm),
            homepage=_homepage(draw, firm),
            phone=self._phone(draw, firm),
            mail=firm.mail if draw.chance(0.7) else "",
            person=_person(draw, firm),
            updated_day=day if renamed else old_day,
            updated_second=draw.below(39_600),
            number=account,
        )

    def _names(self, account: int, firm: Firm, *, renamed: bool) -> tuple[str, str]:
        draw = Draw(self._world.seed, "account name", self._platform, account, renamed)
        roman = firm.roman_other if draw.chance(0.15) else firm.roman
        english, korean = firm.trade
        if renamed and draw.chance(0.5):
            english, korean = f"{english} Global", f"{korean}글로벌"
        return names.english_name(roman, english, draw), names.korean_name(firm.hangul, korean, firm.form, draw)

    def _phone(self, draw: Draw, firm: Firm) -> str:
        fate = draw.share()
        if fate < 0.03 and self._world.size >= _AGENTS_FROM_SIZE:
            return _AGENT_PHONE
        return firm.phone if fate < 0.88 else ""


def _brn(draw: Draw, firm: Firm) -> str:
    fate = draw.share()
    if fate < 0.82:
        return firm.brn
    if fate < 0.92:
        return ""
    if fate < 0.96:
        return f"{firm.brn[:3]}*******"
    right = int(check_digit(firm.brn[:9]))
    return firm.brn[:9] + str((right + 1 + draw.below(8)) % 10)


def _homepage(draw: Draw, firm: Firm) -> str:
    fate = draw.share()
    if fate < 0.03:
        return f"http://shop.example/{firm.roman.lower()}"
    if not firm.has_host or fate < 0.2:
        return draw.pick(("", "", "http://", "-", "NaN", "N/A", "없음"))
    return draw.pick(("http://www.{0}", "https://{0}", "www.{0}", "{0}", "http://{0}/", "https://www.{0}/en")).format(
        firm.host
    )


def _person(draw: Draw, firm: Firm) -> tuple[str, str]:
    if draw.chance(0.8):
        return firm.person
    surname, given = draw.pick(names.SURNAMES), draw.pick(names.GIVEN)
    return surname[0] + given[0], f"{surname[1]} {given[1]}"


def international(phone: str) -> str:
    return f"+82-{phone[1:]}" if phone else ""
