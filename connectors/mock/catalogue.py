"""One platform's listings on one day: the state of all slots, and any single listing in full."""

from dataclasses import dataclass

from connectors.mock.accounts import Accounts, Statement
from connectors.mock.days import DAY, Days, State
from connectors.mock.firms import Firm
from connectors.mock.products import Product
from connectors.mock.rng import Draw
from connectors.mock.world import World


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing as its seller wrote it; the draws of `fixed` stay, those of `edited` move with an edit."""

    platform: int
    index: int
    product: Product
    firm: Firm
    account: Statement
    seed: int
    generation: int
    revision: int
    registered: int
    updated: int
    dated: int
    alive: bool
    status: int
    unusable: int

    def fixed(self, name: str) -> Draw:
        return Draw(self.seed, name, self.platform, self.index, self.generation)

    def edited(self, name: str) -> Draw:
        return Draw(self.seed, name, self.platform, self.index, self.generation, self.revision)

    def usd(self) -> float:
        """For one unit of sale. Sellers quote a few per cent apart, and move with each edit."""
        share = self.fixed("price").share()
        return self.product.price * (0.965 + 0.07 * share) * (1 + 0.013 * (self.revision % 4))

    @property
    def updated_day(self) -> int:
        return self.updated // DAY


class Catalogue:
    def __init__(self, world: World, platform: int, day: int) -> None:
        self.world, self.platform, self.day = world, platform, day
        self.days = Days(world, platform)
        self.state: State = self.days.state(day)
        self.accounts = Accounts(world, platform, day)

    def listing(self, index: int) -> Listing:
        state, world = self.state, self.world
        generation = int(state.generation[index])
        slot = world.reused_slot(self.platform, index) if generation else world.slot(self.platform, index)
        product = world.product(slot.firm, slot.product)
        return Listing(
            platform=self.platform,
            index=index,
            product=product,
            firm=world.firm(slot.firm),
            account=self.accounts.statement(world.account(self.platform, index)),
            seed=world.seed,
            generation=generation,
            revision=int(state.revision[index]),
            registered=int(state.registered[index]),
            updated=int(state.updated[index]),
            dated=int(state.dated[index]),
            alive=bool(state.alive[index]),
            status=int(state.status[index]),
            unusable=int(state.unusable[index]),
        )


def rounded(price: float) -> int | float:
    """As sellers type prices: cents under ten dollars, whole dollars above a thousand; never 0."""
    digits = 3 if price < 0.5 else 2 if price < 20 else 1 if price < 1000 else 0
    value = round(price, digits) or 0.001
    return int(value) if value == int(value) else value
