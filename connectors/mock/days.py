"""What happens on which day: the state of every listing slot as arrays, a pure function of (world, platform, day).

Days are counted from day 0 = 2026-09-14 (Korean days); seconds from its midnight. Everything of a day happens from
00:00 to 11:00. Per day, of all slots: 1 % are edited, 0.15 % of the size are new, 0.1 % are withdrawn (one in twenty of
those comes back), 0.02 % of the ids are used again, and 0.2 % of the accounts are renamed. What lies before day -8 is
history: edits spread over three years.

`size` counts the slots that exist on day 0, unusable records and withdrawn listings included. Each platform begins with
the withdrawals that its guide still shows: BuyKorea 95 days of hidden ones, tradeKorea 35 days of tombstones,
GobizKOREA 8 days of drops.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from connectors.mock.rng import Numbers, mix, mix_array, remainders, stream_key
from connectors.mock.world import BUYKOREA, GOBIZKOREA, TRADEKOREA, World

KST = timezone(timedelta(hours=9))
DAY_ZERO = datetime(2026, 9, 14, tzinfo=KST)
DAY = 86_400
BUSY = 11 * 3600
"""Events happen in the first eleven hours of a day."""
DRIFT_DAY = 5
CHANGE_EVERY = 100
RECENT_FROM = -8
"""Before this day lies history; from it on events have their hour."""
_SLICE = 1 << 17
_WITHDRAWALS_FROM = {BUYKOREA: -95, GOBIZKOREA: -8, TRADEKOREA: -35}
_WITHDRAWN_OVER = 1000
_REUSED_OVER = 5000
_RENAMED_OVER = 500
_RENAMES_FROM = -30
NEVER = 1 << 30
PURGE_AFTER = 90
UNUSABLE_PER_MILLE = 2

Flags = NDArray[np.bool_]


def moment(second: int) -> datetime:
    return DAY_ZERO + timedelta(seconds=second)


@lru_cache(maxsize=8192)
def day_text(day: int) -> str:
    return (DAY_ZERO + timedelta(days=day)).strftime("%Y%m%d")


@dataclass(frozen=True, slots=True)
class State:
    """All slots of one platform at the end of a day. Days in `registered`, `withdrawn`; seconds in `updated`."""

    day: int
    registered: NDArray[np.int32]
    updated: NDArray[np.int32]
    dated: NDArray[np.int32]
    """GobizKOREA's 수정일: the day of `updated`, except where the platform forgot to move it."""
    revision: NDArray[np.int16]
    generation: NDArray[np.int8]
    alive: Flags
    withdrawn: NDArray[np.int32]
    """The last withdrawal up to this day, NEVER where there was none; a listing may be alive again since."""
    withdrawn_second: NDArray[np.int32]
    status: NDArray[np.int16]
    """0..999, drawn anew with each revision: what share of listings is hidden, sold out and so on."""
    unusable: NDArray[np.int8]
    """0 for a sound record, else which way it cannot be used."""


class Days:
    def __init__(self, world: World, platform: int) -> None:
        self.world, self.platform = world, platform
        self._keys = {
            name: stream_key(world.seed, platform, name)
            for name in ("change", "gone", "back", "reuse", "old", "age", "second", "status", "bad", "rename", "stuck")
        }

    def count(self, day: int) -> int:
        return self.world.size + self.world.added_a_day * max(0, day)

    def _draw(self, name: str, index: Numbers, modulus: int) -> Numbers:
        return remainders(mix_array(self._keys[name], index), modulus)

    def state(self, day: int) -> State:
        """In slices, so that a million slots need little more memory than their result."""
        count = self.count(day)
        slices = [
            self._slice(np.arange(start, min(start + _SLICE, count), dtype=np.int64), day)
            for start in range(0, count, _SLICE)
        ]
        names = [name for name in State.__slots__ if name != "day"]
        joined = {name: np.concatenate([getattr(part, name) for part in slices]) for name in names}
        return State(day=day, **joined)

    def _slice(self, index: Numbers, day: int) -> State:
        born, first_update = self._beginnings(index)
        gone = self._withdrawal_days(index, born)
        back = self._return_days(index, gone)
        reused = self._reuse_days(index, born, gone)
        is_reused = reused <= day
        start = np.where(is_reused, reused, born)
        hit = (gone <= day) & (gone > start)
        returned = hit & (back <= day)
        alive = (born <= day) & ~(hit & ~returned)
        change = self._last_changes(index, day, gone, back, start, hit, returned)
        updated_day = np.maximum(np.where(is_reused, reused, first_update), change)
        updated_day = np.where(hit, np.maximum(updated_day, np.where(returned, back, gone)), updated_day)
        stuck = (self._draw("stuck", index, 20) == 0) & ~is_reused & ~hit
        revision = np.where(change > -NEVER, (change - RECENT_FROM) // CHANGE_EVERY + 1, 0) + returned
        generation = is_reused.astype(np.int8)
        mixed = (index * 512 + revision) * 2 + generation
        bad = self._draw("bad", index, 1000)
        return State(
            day=day,
            registered=start.astype(np.int32),
            updated=self._seconds(index, updated_day),
            dated=np.where(stuck, first_update, updated_day).astype(np.int32),
            revision=revision.astype(np.int16),
            generation=generation,
            alive=alive,
            withdrawn=np.where(gone <= day, gone, NEVER).astype(np.int32),
            withdrawn_second=self._seconds(index, np.where(gone <= day, gone, 0)),
            status=self._draw("status", mixed, 1000).astype(np.int16),
            unusable=np.where(bad < UNUSABLE_PER_MILLE, 1 + index % 5, 0).astype(np.int8),
        )

    def _beginnings(self, index: Numbers) -> tuple[Numbers, Numbers]:
        """Day of registration and of the last update before the history begins."""
        old = -9 - self._draw("old", index, 1087)
        registered = old - 1 - self._draw("age", index, 2500)
        if self.platform == GOBIZKOREA:
            registered, _ = self.world.old_goods_no(index)
            old = np.maximum(old, registered)
        is_recent, birth = index >= self.world.recent_from, self.world.birth(index)
        return np.where(is_recent, birth, registered), np.where(is_recent, birth, old)

    def _withdrawal_days(self, index: Numbers, born: Numbers) -> Numbers:
        gone = _WITHDRAWALS_FROM[self.platform] + self._draw("gone", index, _WITHDRAWN_OVER)
        return np.where(gone > born, gone, NEVER)

    def _return_days(self, index: Numbers, gone: Numbers) -> Numbers:
        fate = self._draw("back", index, 160)
        return np.where((fate < 8) & (gone < NEVER), gone + 3 + fate, NEVER)

    def _reuse_days(self, index: Numbers, born: Numbers, gone: Numbers) -> Numbers:
        reused = -7 + self._draw("reuse", index, _REUSED_OVER)
        return np.where((reused > born) & (reused != gone), reused, NEVER)

    def _last_changes(
        self, index: Numbers, day: int, gone: Numbers, back: Numbers, start: Numbers, hit: Flags, returned: Flags
    ) -> Numbers:
        """Each slot is edited every hundredth day, while it is alive; -NEVER where none has come yet."""
        residue = self._draw("change", index, CHANGE_EVERY)
        limit = np.where(hit & ~returned, gone - 1, day)
        last = limit - (limit - residue) % CHANGE_EVERY
        asleep = returned & (last >= gone) & (last < back)
        last = np.where(asleep, last - CHANGE_EVERY, last)
        return np.where((last >= RECENT_FROM) & (last > start), last, -NEVER)

    def _seconds(self, index: Numbers, day: Numbers) -> NDArray[np.int32]:
        # One edit in ten falls on a full hour, so that many share a second: order among equals is then tested.
        word = self._draw("second", index * 8192 + (day + 5000), BUSY * 10)
        second = np.where(word % 10 == 0, word // 36_000 * 3600, word // 10)
        return np.minimum(day * DAY + second, 2**31 - 1).astype(np.int32)

    def rename_day(self, account: int) -> int:
        """The day on which the account takes its second name."""
        return _RENAMES_FROM + mix(self._keys["rename"], account) % _RENAMED_OVER

    def rename_days(self, accounts: Numbers) -> Numbers:
        return _RENAMES_FROM + self._draw("rename", accounts, _RENAMED_OVER)


def visible(platform: int, state: State) -> Flags:
    """Whether a buyer may see each listing: alive, sound, and of a status that the guide shows."""
    seen: Flags = state.alive & (state.unusable == 0) & (state.status >= HIDDEN_BELOW[platform])
    return seen


HIDDEN_BELOW = {BUYKOREA: 45, GOBIZKOREA: 30, TRADEKOREA: 20}
"""Statuses under these are not shown: awaiting approval or hidden; 판매중지; anything but ACTIVE and SOLD_OUT."""
