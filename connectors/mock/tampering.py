"""How a fault changes the records themselves: fewer of them, none, or sound ones made unusable."""

from dataclasses import dataclass

from connectors.mock.days import Flags
from connectors.mock.rng import Numbers, mix, mix_array, remainders

_LOST_IN_TEN = 4
_POISONED_PER_MILLE = 20


@dataclass(frozen=True, slots=True)
class Tampering:
    is_empty: bool = False
    is_shrunk: bool = False
    is_poisoned: bool = False

    def keeps(self, index: Numbers) -> Flags:
        if self.is_empty:
            return index < 0
        if self.is_shrunk:
            return remainders(mix_array(77, index), 10) >= _LOST_IN_TEN
        return index >= 0

    def keeps_one(self, index: int) -> bool:
        return not self.is_empty and not (self.is_shrunk and mix(77, index) % 10 < _LOST_IN_TEN)

    def poisons(self, index: int) -> bool:
        return self.is_poisoned and mix(78, index) % 1000 < _POISONED_PER_MILLE


SOUND = Tampering()
