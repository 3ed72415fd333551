"""The platforms. `CONNECTORS` is the one list that schedule, pages, filters, badges and the contract suite read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from integrator.ports import Clock, Connector, Spool


@dataclass(frozen=True, slots=True)
class Access:
    """Where a platform is and how we may enter; `credentials` by the names of `Platform.credentials`."""

    base_url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


class Opens(Protocol):
    """A connector's class: `open` makes one that is ready to fetch and touches no network."""

    def open(self, access: Access, *, clock: "Clock", spool: "Spool") -> "Connector":
        """Raises InvalidSetting when a credential is missing."""


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform: its name in code and addresses, its label on pages, its class, and the settings it needs.

    A setting is `HANMARU_<NAME>_URL`, or `HANMARU_<NAME>_<CREDENTIAL>` in capitals.
    """

    name: str
    label: str
    path: str
    credentials: tuple[str, ...]

    @property
    def connector(self) -> Opens:
        """The connector's class, imported when first asked for."""
        module, _, name = self.path.partition(":")
        return cast("Opens", getattr(import_module(module), name))

    def open(self, access: Access, *, clock: "Clock", spool: "Spool") -> "Connector":
        """A connector of this platform."""
        return self.connector.open(access, clock=clock, spool=spool)


CONNECTORS: Final[tuple[Platform, ...]] = (
    Platform("buykorea", "BuyKorea", "connectors.buykorea.feed:BuyKorea", ("key",)),
    Platform("gobizkorea", "GobizKOREA", "connectors.gobizkorea.feed:GobizKorea", ("id", "secret")),
    Platform("tradekorea", "tradeKorea", "connectors.tradekorea.feed:TradeKorea", ("client_id", "client_secret")),
)
