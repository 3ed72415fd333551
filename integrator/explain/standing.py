"""Where a listing stands: now by its rows, or as of an instant as far as their history tells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from sqlalchemy import RowMapping

from integrator.store.listings import HIDDEN_STALE, ListingState
from integrator.store.traces import Traces
from integrator.store.withdrawals import WithdrawalKind

State = Literal["not here", "pending", "live", "withdrawn", "ended"]


@dataclass(frozen=True, slots=True)
class Standing:
    """`not here`: never seen by then, or every record rejected. `version` is the one shown, None before its release."""

    state: State
    generation: int | None = None
    version: int | None = None
    visible: bool = False
    hidden_reason: str | None = None
    product_id: str | None = None
    seller_id: str | None = None
    merged_into: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The same in words."""
        return " ".join(filter(None, (self._say_state(), *self.notes)))

    def _say_state(self) -> str:
        if self.state == "not here":
            return ""
        if self.state == "withdrawn":
            return f"It is gone: withdrawn{f', merged into {self.merged_into}' if self.merged_into else ''}."
        if self.state == "ended":
            return "It is gone: its id was used again for another product."
        if self.state == "pending":
            return "It is new, and waits to be released."
        if not self.visible:
            return f"It is known but not shown to buyers ({self.hidden_reason or 'the platform does not show it'})."
        if self.product_id is None:
            return "It may be shown, and waits to be worked into a product."
        return f"It is shown, as an offer of product {self.product_id} by seller {self.seller_id}."


def stand_now(rows: Traces) -> Standing:
    """By the rows as they are."""
    if not rows.listings:
        return Standing("not here", notes=("It is not in the catalogue: every record of it was rejected.",))
    row = rows.listings[-1]
    is_pending = row["version"] is None and row["state"] == ListingState.LIVE.value
    product_id, seller_id = rows.products.get(row["key"], (None, None))
    return Standing(
        state="pending" if is_pending else row["state"],
        generation=row["generation"],
        version=row["version"],
        visible=bool(row["visible"]),
        hidden_reason=None if row["visible"] else row["hidden_reason"],
        product_id=product_id,
        seller_id=seller_id,
        merged_into=_merged_into(rows.withdrawals),
        notes=tuple(_notes(rows, row)) if row["state"] == ListingState.LIVE.value else (),
    )


def _merged_into(withdrawals: Sequence[RowMapping]) -> str | None:
    return next((row["merged_into"] for row in reversed(withdrawals) if row["merged_into"]), None)


def _notes(rows: Traces, row: RowMapping) -> Iterator[str]:
    if row["rejected_at"] is not None:
        yield "Its newest record cannot be used; this is its last good version."
    if row["pending"] is not None:
        yield f"Version {row['pending']} waits to be released{_say_hold(rows, row)}."
    for told in rows.told:
        yield f"The platform withdrew it, and that waits for the end of run {told['run']}."
    for hold in rows.holds:
        if hold["state"] == "open" and hold["kind"] != "run":
            what = "Its deletion waits" if hold["told"] is None else "The platform withdrew it, and that waits"
            yield f"{what} for a person in hold {hold['id']}."
    if rows.outbox:
        yield "The index is still to be told."
    for told in rows.published:
        has = "holds its product" if told["operation"] == "put" else "was told to drop its product"
        yield f"The index {has}, as version {told['epoch']}.{told['sequence']}."


def _say_hold(rows: Traces, row: RowMapping) -> str:
    mine = (each for each in rows.versions if each["listing_key"] == row["key"] and each["version"] == row["pending"])
    held = next((each["hold"] for each in mine), None)
    return f" in hold {held}" if held else ""


# As of an instant ----------------------------------------------------------------------------------------------------


def stand_at(rows: Traces, at: float) -> Standing:
    """By what happened up to `at`. Which product it belonged to is known as far as the ledger tells."""
    seen = [row for row in rows.listings if row["first_seen_at"] <= at]
    if not seen:
        rejected = any(row["first_at"] <= at for row in rows.rejections)
        word = "Every record of it was rejected by then." if rejected else "It was not seen by then."
        return Standing("not here", notes=(word,))
    row = seen[-1]
    released = [each for each in rows.versions if _is_released(each, row, at)]
    proofs = [each for each in rows.withdrawals if each["listing_key"] == row["key"] and each["at"] <= at]
    hidden, withdrawn = _part(proofs, WithdrawalKind.HIDDEN)
    version = released[-1] if released else None
    state = _state_at(version, withdrawn, at)
    is_hidden = bool(hidden) and not _was_mended(rows, released, since=hidden[-1]["at"], at=at)
    shown, hidden_reason = _shown_at(version, is_hidden=is_hidden) if state == "live" else (False, None)
    product_id, seller_id = _belonged(rows, row, at)
    return Standing(
        state=state,
        generation=row["generation"],
        version=version["version"] if version is not None else None,
        visible=shown,
        hidden_reason=hidden_reason,
        product_id=product_id,
        seller_id=seller_id,
        merged_into=_merged_into(withdrawn),
    )


def _part(proofs: Sequence[RowMapping], kind: WithdrawalKind) -> tuple[list[RowMapping], list[RowMapping]]:
    """Those of a kind, and the others."""
    return [row for row in proofs if row["kind"] == kind.value], [row for row in proofs if row["kind"] != kind.value]


def _is_released(version: RowMapping, listing: RowMapping, at: float) -> bool:
    released_at = version["released_at"]
    return version["listing_key"] == listing["key"] and released_at is not None and released_at <= at


def _state_at(version: RowMapping | None, withdrawn: list[RowMapping], at: float) -> State:
    """A later release or an undoing brings a withdrawn listing back."""
    last = withdrawn[-1] if withdrawn else None
    if last is None or (last["undone_at"] is not None and last["undone_at"] <= at):
        return "pending" if version is None else "live"
    if last["kind"] == WithdrawalKind.REUSED.value:
        return "ended"
    return "live" if version is not None and version["released_at"] > last["at"] else "withdrawn"


def _shown_at(version: RowMapping | None, *, is_hidden: bool) -> tuple[bool, str | None]:
    """Whether a buyer saw it, and if not, why."""
    if version is None:
        return False, None
    if is_hidden:
        return False, HIDDEN_STALE
    # Versions written before this had a column of its own say it in their content.
    said = version["visible"]
    shown = msgspec.json.decode(version["content"], type=_Shown).visible if said is None else bool(said)
    return shown, None if shown else version["hidden_reason"]


class _Shown(msgspec.Struct):
    visible: bool


def _was_mended(rows: Traces, released: Sequence[RowMapping], *, since: float, at: float) -> bool:
    """Whether a usable record came after we had hidden it."""
    times = [row["released_at"] for row in released] + [row["resolved_at"] for row in rows.rejections]
    return any(time is not None and since < time <= at for time in times)


def _belonged(rows: Traces, row: RowMapping, at: float) -> tuple[str | None, str | None]:
    product_id, seller_id = rows.products.get(row["key"], (None, None))
    listing, seller = (
        f"{row['platform']}:{row['external_id']}:{row['generation']}",
        f"{row['platform']}:{row['account_id']}",
    )
    return _as_given(rows.ledger, product_id, listing, at), _as_given(rows.ledger, seller_id, seller, at)


def _as_given(ledger: Sequence[RowMapping], now: str | None, founder: str, at: float) -> str | None:
    """The id that it founded if that was alive then, else the one it has now if that was given by then."""
    given = [row for row in ledger if row["minted_at"] <= at]
    alive = (row for row in given if row["retired_at"] is None or row["retired_at"] > at)
    own = next((row["id"] for row in alive if row["founder"] == founder), None)
    return own or next((now for row in given if row["id"] == now), None)
