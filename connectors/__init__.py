"""The platforms. `CONNECTORS` is the one list that settings, schedule, pages and the contract suite read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from integrator.ports import Budget, Clock, Connector, Spool
    from integrator.record import Confirmation, Policies


@dataclass(frozen=True, slots=True)
class Access:
    """Where a platform is and how we may enter; `credentials` by the names of `Platform.credentials`.

    `calls`: how many its operator allows us (`Platform.calls` says of what); None: as the guide has it.
    """

    base_url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    calls: int | None = None


class Opens(Protocol):
    """A connector's class: `open` makes one that is ready to fetch and touches no network."""

    confirmation: "Confirmation"
    separate_lanes: bool
    policies: "Policies"

    def open(self, access: Access, *, clock: "Clock", spool: "Spool", budget: "Budget | None" = None) -> "Connector":
        """Without a budget nobody counts its calls. Raises InvalidSetting when a credential is missing."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One part of a platform's sign-in, with the value its guide prints: that opens test servers only."""

    name: str
    meaning: str
    test_value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform: its name in code and addresses, its label on pages, its class, and what it needs to let us in.

    The settings are made of it: `HANMARU_<NAME>_URL`, `HANMARU_<NAME>_<CREDENTIAL>` for each credential, and
    `HANMARU_<NAME>_CALLS` where the platform counts calls without telling how many it allows.
    """

    name: str
    label: str
    path: str
    credentials: tuple[Credential, ...]
    calls: str = ""  # what is counted, and how many the guide allows

    @property
    def connector(self) -> Opens:
        """The connector's class, imported when first asked for."""
        module, _, name = self.path.partition(":")
        return cast("Opens", getattr(import_module(module), name))

    def open(self, access: Access, *, clock: "Clock", spool: "Spool", budget: "Budget | None" = None) -> "Connector":
        """A connector of this platform."""
        return self.connector.open(access, clock=clock, spool=spool, budget=budget)


CONNECTORS: Final[tuple[Platform, ...]] = (
    Platform(
        "buykorea",
        "BuyKorea",
        "connectors.buykorea.feed:BuyKorea",
        (
            Credential(
                "key",
                "service key; one that holds `%` is taken as the encoded form",
                "Zx8/Qm+4Lr2TyVb9+NcKd0WsGh6/JfPe3UaXo1iRt5Ek7vCyMbBzSlHgOq+AnDuIwFj/1Y==",
            ),
        ),
        calls="calls a Korean day that the key may make (development grade: 1000; production grade: 100000)",
    ),
    Platform(
        "gobizkorea",
        "GobizKOREA",
        "connectors.gobizkorea.feed:GobizKorea",
        (
            Credential("id", "key id", "gbk-test-0001"),
            Credential("secret", "secret that signs each call", "hM9v2Qd7Wc4Zt1Lx8Rn5Bk3Yp6Sf0Ja7"),
        ),
        calls="downloads of each file a Korean day that the key may make",
    ),
    Platform(
        "tradekorea",
        "tradeKorea",
        "connectors.tradekorea.feed:TradeKorea",
        (
            Credential("client_id", "OAuth2 client, asked for the scope `member`", "tkc-test-member"),
            Credential("client_secret", "the client's secret", "mS3-9fQ2xV7bL1kT"),
        ),
    ),
)
