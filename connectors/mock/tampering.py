"""How a fault changes the records themselves: fewer of them, none, sound ones made unusable, or their file spoilt."""

from dataclasses import dataclass
from enum import StrEnum

from connectors.mock.days import Flags
from connectors.mock.rng import Numbers, mix, mix_array, remainders

_LOST_IN_TEN = 4
_POISONED_PER_MILLE = 20


class Spoilt(StrEnum):
    """What is wrong inside GobizKOREA's product parts, though bytes and hashes are those that the manifest states."""

    ENCODING = "encoding"
    """UTF-8 instead of CP949."""
    BYTES = "bytes"
    """A byte that CP949 does not have."""
    COLUMN = "column"
    """수정일 is called otherwise, in header and manifest."""
    SIZE = "size"
    """Hundreds of megabytes of rows that the manifest does not count."""


@dataclass(frozen=True, slots=True)
class Tampering:
    is_empty: bool = False
    is_shrunk: bool = False
    is_poisoned: bool = False
    spoilt: Spoilt | None = None

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
