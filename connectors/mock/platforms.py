"""The three platforms behind one address, with their faults and the recorder: request in, response out."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from connectors.mock.buykorea import BuyKorea
from connectors.mock.catalogue import Catalogue
from connectors.mock.clock import WorldClock, real_now
from connectors.mock.fault import Fault
from connectors.mock.faults import FAULTS
from connectors.mock.gobizkorea import GobizKorea
from connectors.mock.message import Request, Response, to_json
from connectors.mock.pattern import PLATFORMS
from connectors.mock.record import Recorder
from connectors.mock.settings import Settings
from connectors.mock.tampering import SOUND
from connectors.mock.tradekorea import TradeKorea
from connectors.mock.world import BUYKOREA, TRADEKOREA, World


class Platform(Protocol):
    def admit(self, request: Request) -> Response | str:
        """A refusal, or the key under which the answer may be recorded."""

    def answer(self, request: Request) -> Response: ...


class Mock:
    """Answers any request below `/buykorea`, `/gobizkorea`, `/tradekorea` and `/faulty/FAULT/PLATFORM`."""

    def __init__(
        self,
        settings: Settings,
        *,
        ticks: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = real_now,
    ) -> None:
        self.settings, self._now = settings, now
        self.world = World(settings.seed, settings.size)
        self.clock = WorldClock(settings.day, ticks)
        self._recorder = Recorder(settings.record, settings) if settings.record else None
        self._temporary = tempfile.TemporaryDirectory(prefix="hanmaru-mock-")
        self._root = self._recorder.root if self._recorder else Path(self._temporary.name)
        self._catalogues: dict[int, Catalogue] = {}
        self._platforms: dict[tuple[str, str], Platform] = {}
        self._faults: dict[tuple[str, str], Fault] = {}

    def close(self) -> None:
        for platform in self._platforms.values():
            if isinstance(platform, GobizKorea):
                platform.close()
        self._temporary.cleanup()

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Response:
        """`target` is the request line's: path and query, untouched."""
        raw_path, _, query = target.partition("?")
        _, first, *rest = raw_path.split("/") if raw_path.startswith("/") else ("", "")
        if first == "faulty":
            return self._handle_faulty(method, raw_path, query, headers, body)
        if first not in PLATFORMS:
            return to_json({"error": f"no platform {first!r}", "platforms": list(PLATFORMS)}, 404)
        request = Request(method, raw_path, "/" + "/".join(rest), query, headers, body)
        return self._serve(self._platform("", first), f"{first}", request)

    def _handle_faulty(self, method: str, raw_path: str, query: str, headers: dict[str, str], body: bytes) -> Response:
        parts = raw_path.split("/")
        name, platform = [*parts[2:4], "", ""][:2]
        if platform not in PLATFORMS or name not in FAULTS or platform not in FAULTS[name].platforms:
            known = {fault: list(FAULTS[fault].platforms) for fault in FAULTS}
            return to_json({"error": f"no fault {name!r} on {platform!r}", "faults": known}, 404)
        fault = self._fault(name, platform)
        request = Request(method, raw_path, "/" + "/".join(parts[4:]), query, headers, body)
        early = fault.before(platform, request)
        if early is not None:
            return early
        response = self._serve(self._platform(name, platform), f"{name}-{platform}", request)
        return fault.after(platform, request, response)

    def _fault(self, name: str, platform: str) -> Fault:
        if (name, platform) not in self._faults:
            self._faults[name, platform] = FAULTS[name].begin(platform, self.clock)
        return self._faults[name, platform]

    def _serve(self, platform: Platform, place: str, request: Request) -> Response:
        admitted = platform.admit(request)
        if isinstance(admitted, Response):
            return admitted
        if self._recorder is None:
            response = platform.answer(request)
        else:
            response = self._recorder.answer(place, admitted, lambda: platform.answer(request))
        if isinstance(platform, TradeKorea):
            return platform.finish(request, response)
        return replace(response, is_lasting=False)

    def _platform(self, fault: str, name: str) -> Platform:
        found = self._platforms.get((fault, name))
        if found is None:
            found = self._platforms[fault, name] = self._make(fault, name)
        return found

    def _make(self, fault: str, name: str) -> Platform:
        limits = self.settings.has_limits
        tampering = FAULTS[fault].tampering_of(name) if fault else SOUND
        match name:
            case "buykorea":
                return BuyKorea(self._catalogue(BUYKOREA), self.clock, has_limits=limits, tampering=tampering)
            case "gobizkorea":
                is_altered = tampering != SOUND
                root = self._root / (f"drops-{fault}" if is_altered else "drops")
                return GobizKorea(
                    self.world, self.clock, root, real_now=self._now, has_limits=limits, tampering=tampering
                )
            case _:
                return TradeKorea(
                    self._catalogue(TRADEKOREA),
                    self.clock,
                    has_limits=limits,
                    tampering=tampering,
                    token_calls=FAULTS[fault].token_calls if fault else None,
                    are_cursors_lasting=self._recorder is not None,
                )

    def _catalogue(self, platform: int) -> Catalogue:
        if platform not in self._catalogues:
            self._catalogues[platform] = Catalogue(self.world, platform, self.settings.day)
        return self._catalogues[platform]
