"""docs/faults.md: what a platform's fault leads to, as the drill of faults saw it, and what a person then does."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"

_HEAD = """# What a platform's fault leads to

Each row is one census of a small mock platform under one fault of `/faulty/FAULT/PLATFORM`
(`connectors/mock/faults.py` says what each does): how the run ended, the reason it gave, and what a person does. In
every row no visible listing was lost, and the next healthy census was complete; the other platforms read on in
processes of their own. A fault that a platform's guide leaves no room for has no row.

The rows are the output of `tests/drills/test_faults.py`: `make drills` (or `make drills K=no_fault_costs`) writes this
page, `make test` compares a sample with it.

| fault | platform | state | reason | what a person does |
|---|---|---|---|---|
"""

_WAITS = "nothing: every later `sync` tries again; if it lasts, ask the platform's operator"
_REPORTS = "tell the platform's operator; what was read before stays, and the next sound answer mends it"
REMEDIES = {
    "down": _WAITS,
    "flaky": "nothing",
    "slow": _WAITS,
    "quota": "nothing: the next `sync` goes on once the window has ended; if it happens daily, ask for a larger quota",
    "token-expiry": "nothing",
    "truncated": _WAITS,
    "wrong-hash": "nothing: the drop is reported to the platform, and the next whole one replaces it",
    "wrong-encoding": _REPORTS,
    "bad-bytes": _REPORTS,
    "renamed-field": "compares the feed guide with `hanmaru unknowns` and `hanmaru rejections`, has the connector "
    "adapted, then runs `hanmaru replay --rejected`",
    "repeated-page": _REPORTS,
    "expired-cursor": "nothing",
    "empty": "looks at `hanmaru holds show N`; rejects the hold unless the platform really gave up its listings",
    "shrunk": "looks at `hanmaru holds show N`; approves what really left, rejects the rest",
    "error-200": _WAITS,
    "maintenance": _WAITS,
    "redirect": "asks the platform's operator for the new address and sets `HANMARU_<PLATFORM>_URL`: none is followed",
    "poisoned": "nothing at once: `hanmaru rejections` lists the records, their last good versions stay for 30 days",
    "bomb": _REPORTS,
}


@dataclass(frozen=True, slots=True)
class Row:
    """How one run under one fault ended."""

    fault: str
    platform: str
    state: str
    reason: str

    def line(self) -> str:
        cells = (f"`{self.fault}`", self.platform, f"`{self.state}`", steady(self.reason), REMEDIES[self.fault])
        return f"| {' | '.join(each.replace('|', '/') for each in cells)} |"


def steady(reason: str) -> str:
    """The reason without what differs from run to run: ports, sizes of packed files, seconds."""
    reason = re.sub(r"127\.0\.0\.1:\d+", "the platform's host", reason)
    reason = re.sub(r"\d+ of \d+ bytes", "… of … bytes", reason)
    return re.sub(r"\d+ bytes in \d+ s", "… bytes in … s", reason)


def write_page(rows: Iterable[Row]) -> str:
    return _HEAD + "".join(f"{row.line()}\n" for row in rows)


def read_lines() -> set[str]:
    """The rows of the committed page."""
    return {line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")}
