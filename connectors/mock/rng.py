"""Random numbers by counter: any draw is a function of its key, so any record can be made alone and in any order."""

from collections.abc import Sequence
from hashlib import blake2b
from struct import unpack
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Words = NDArray[np.uint64]
Numbers = NDArray[np.int64]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_LEVELS = 1 << 32


def stream_key(*parts: object) -> int:
    """A 64-bit key for a named stream; equal parts give equal keys on every machine."""
    return int.from_bytes(blake2b(repr(parts).encode(), digest_size=8).digest(), "little")


def mix(key: int, index: int) -> int:
    """The word at `index` of the stream `key` (splitmix64); `mix_array` gives the same for whole arrays."""
    z = (key + (index & _MASK) * _GOLDEN) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def mix_array(key: int, index: NDArray[np.int64]) -> Words:
    with np.errstate(over="ignore"):
        z = index.astype(np.uint64)
        z *= np.uint64(_GOLDEN)
        z += np.uint64(key)
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return z


def remainders(words: Words, modulus: int) -> Numbers:
    return (words % np.uint64(modulus)).astype(np.int64)


class Draw:
    """A run of draws under one key; 16 words a hash, more on demand."""

    __slots__ = ("_block", "_key", "_words")

    def __init__(self, *key: object) -> None:
        self._key = repr(key).encode()
        self._block = 0
        self._words: list[int] = []

    def word(self) -> int:
        if not self._words:
            seed = self._key + b"#%d" % self._block
            self._words = list(unpack("<16I", blake2b(seed, digest_size=64).digest()))
            self._block += 1
        return self._words.pop()

    def below(self, limit: int) -> int:
        return self.word() % limit

    def between(self, low: int, high: int) -> int:
        """Both ends included."""
        return low + self.word() % (high - low + 1)

    def share(self) -> float:
        return self.word() / _LEVELS

    def chance(self, probability: float) -> bool:
        return self.word() < probability * _LEVELS

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.word() % len(choices)]

    def sample(self, choices: Sequence[T], count: int) -> list[T]:
        """`count` different choices, in their own order."""
        start, step = self.word(), max(1, len(choices) // max(1, count))
        chosen = {(start + number * step) % len(choices) for number in range(min(count, len(choices)))}
        return [choice for number, choice in enumerate(choices) if number in chosen]


class Shuffle:
    """A permutation of 0..prime-1 that can be turned back: unrelated-looking ids without a table."""

    __slots__ = ("_factor", "_inverse", "_shift", "prime")

    def __init__(self, key: int, prime: int) -> None:
        self.prime = prime
        self._factor = 1 + key % (prime - 1)
        self._shift = (key >> 20) % prime
        self._inverse = pow(self._factor, -1, prime)

    def forward(self, index: int) -> int:
        return (index * self._factor + self._shift) % self.prime

    def forward_array(self, index: Numbers) -> Numbers:
        return (index * self._factor + self._shift) % self.prime

    def back(self, value: int) -> int:
        return ((value - self._shift) * self._inverse) % self.prime
