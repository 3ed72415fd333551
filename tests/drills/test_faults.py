"""Every fault on every platform that can have it: it is told, costs no visible listing, and health returns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.mock.faults import FAULTS
from integrator.sync.outcome import Outcome
from tests.drills.fault_table import PAGE, Row, read_lines, write_page
from tests.drills.mock_world import PLATFORMS, FastClock, Home, World, serving
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 6
# With fewer listings no field has the hundred changed ones that its fill rate is judged by.
SIZE = 420
YESTERDAY, TODAY = World(SEED, SIZE, 0), World(SEED, SIZE, 1)

# Retries, a new token, another beginning or setting records aside overcome these; the others must be told.
OVERCOME = {"flaky", "token-expiry", "expired-cursor", "poisoned"}
CAN_HOLD = {"empty", "shrunk", "renamed-field"}

Case = tuple[str, str]
CASES: list[Case] = [(fault, platform) for fault, plan in FAULTS.items() for platform in plan.platforms]
# One platform a fault, in turn; a dripping one takes its time, however fast the clock.
TURNS = [(fault, plan.platforms[turn % len(plan.platforms)]) for turn, (fault, plan) in enumerate(FAULTS.items())]
SAMPLE = [case for case in TURNS if case[0] != "slow"]


@dataclass
class Ward:
    """A warm store of each platform, copied for every case."""

    folder: Path
    warm: dict[str, Home] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def home(self, platform: str) -> Home:
        if platform not in self.warm:
            home, clock = Home.begin(self.folder / platform), FakeClock()
            with serving(YESTERDAY, clock) as url:
                outcome = home.sync(platform, f"{url}/{platform}", clock)
            assert outcome.state == "succeeded", outcome.reason
            self.warm[platform] = home
        return self.warm[platform]

    def find_faults(self, fault: str, platform: str) -> list[str]:
        """Read a sick platform, then the same one healthy; gives what is wrong."""
        yesterday = self.home(platform)
        home, clock = yesterday.copy(self.folder / f"{fault}-{platform}"), FakeClock()
        clock.advance(days=1)
        clock = FastClock(clock, times=60) if fault == "slow" else clock
        with serving(TODAY, clock) as url:
            sick = home.sync(platform, f"{url}/faulty/{fault}/{platform}", clock)
            lost = (yesterday.visible(platform) & TODAY.visible(platform)) - home.visible(platform)
            # Past every ban and every window: the longest ends with the Korean day.
            clock.advance(days=1)
            healthy = home.sync(platform, f"{url}/{platform}", clock)
        self.rows.append(Row(fault, platform, sick.state.value, sick.reason))
        wrong = [*judge(fault, sick)]
        wrong += [f"{len(lost)} visible listings lost"] if lost else []
        wrong += [f"healthy again: {healthy.state}, {healthy.reason}"] if healthy.state != "succeeded" else []
        off = len(home.visible(platform) ^ TODAY.visible(platform))
        wrong += [f"healthy again: {off} listings shown or hidden against the truth"] if off else []
        return [f"{fault} on {platform}: {each}" for each in wrong]


def judge(fault: str, sick: Outcome) -> list[str]:
    allowed = {"succeeded"} if fault in OVERCOME else {"failed", "incomplete"}
    allowed |= {"held"} if fault in CAN_HOLD else set()
    wrong = [] if sick.state in allowed else [f"the run is {sick.state}: {sick.reason}"]
    return wrong + ([] if len(sick.reason.split()) >= 3 else [f"no person understands {sick.reason!r}"])


def drill(tally: Tally, ward: Ward, cases: list[Case]) -> None:
    for fault, platform in cases:
        tally.count(*ward.find_faults(fault, platform))


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path)


def test_no_fault_costs_a_listing_or_goes_untold(ward: Ward, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("faults", seed=SEED)

    drill(tally, ward, CASES if is_full_drill else SAMPLE)

    assert tally.violations == []
    if is_full_drill:
        PAGE.write_text(write_page(ward.rows), "utf-8")
    assert {row.line() for row in ward.rows} - read_lines() == set(), "make drills writes docs/faults.md anew"


def obey(*_: object, **__: object) -> None:
    """What a guard without any objection says."""


@pytest.mark.parametrize(
    ("planted", "where", "instead"),
    [("every absence is believed", "integrator.sync.settling.object_to", obey)],
)
def test_the_drill_notices(
    planted: str,
    where: str,
    instead: Callable[..., None],
    ward: Ward,
    open_tally: OpenTally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ward.home("gobizkorea")
    monkeypatch.setattr(where, instead)
    tally = open_tally("faults", seed=SEED, planted=planted)

    drill(tally, ward, [("empty", "gobizkorea"), ("shrunk", "gobizkorea")])

    assert any("listings lost" in each for each in tally.violations)


def test_every_platform_has_cases() -> None:
    assert {platform for _, platform in CASES} == set(PLATFORMS)
