"""The mock of GobizKOREA's calls. Source: GobizKOREA guide 2.1, sections 1 to 4 and 6."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

from connectors.mock.clock import WorldClock
from connectors.mock.days import DAY, moment
from connectors.mock.gobizkorea_drops import FIRST_FULL, Drop, Renderer, feed_version
from connectors.mock.message import JSON, Request, Response, to_json, to_spaced_json
from connectors.mock.tampering import SOUND, Tampering
from connectors.mock.world import World

KEY_ID = "gbk-test-0001"
SECRET = b"hM9v2Qd7Wc4Zt1Lx8Rn5Bk3Yp6Sf0Ja7"
SKEW = 300
KEPT = 7 * DAY
DOWNLOADS = 10
_FULL_AT_ONCE, _DELTA_AT_ONCE = 3_000, 30_000
"""World sizes up to which a drop is made while the caller waits; above, in the background."""

_MESSAGES = {
    "GB-4001": "X-GB-Date 형식이 올바르지 않습니다. (unreadable date)",
    "GB-4002": "요청 본문이 올바르지 않습니다. (invalid ack)",
    "GB-4010": "인증 헤더가 없습니다. (header missing)",
    "GB-4011": "등록되지 않은 키입니다. (unknown key)",
    "GB-4012": "요청 시각이 허용 범위를 벗어났습니다. (clock skew)",
    "GB-4013": "서명이 일치하지 않습니다. (signature mismatch)",
    "GB-4040": "존재하지 않는 경로입니다. (no such path)",
    "GB-4041": "아직 생성되지 않은 드롭입니다. (drop not ready)",
    "GB-4042": "존재하지 않는 파일입니다. (no such file)",
    "GB-4050": "허용되지 않는 메서드입니다. (method not allowed)",
    "GB-4100": "보관 기간이 지난 드롭입니다. (drop expired)",
    "GB-4290": "다운로드 허용 횟수를 초과했습니다. (download limit)",
    "GB-5000": "일시적인 오류입니다. (internal error)",
}


def error(code: str, /, *, wait_s: int | None = None, status: int | None = None, **more: object) -> Response:
    headers = (("Retry-After", str(wait_s)),) if wait_s is not None else ()
    document = {"code": code, "message": _MESSAGES[code], **more}
    return to_spaced_json(document, status or int(code[3:6]), headers=headers)


def canonical_string(request: Request, date: str) -> bytes:
    """Section 2: five parts joined by line feeds."""
    pieces = sorted(request.query.encode().split(b"&")) if request.query else []
    parts = (
        request.method.upper().encode(),
        request.raw_path.encode(),
        b"&".join(pieces),
        date.encode(),
        hashlib.sha256(request.body).hexdigest().encode(),
    )
    return b"\n".join(parts)


def sign(request: Request, date: str) -> str:
    return hmac.new(SECRET, canonical_string(request, date), hashlib.sha256).hexdigest()


class Shelf:
    """Rendered drops in a folder; one thread makes those that are too large to wait for."""

    def __init__(self, world: World, root: Path, tampering: Tampering) -> None:
        self._world, self._root, self._tampering = world, root, tampering
        self._renderer: Renderer | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._asked: set[int] = set()
        self._queue: SimpleQueue[Drop | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def folder(self, drop: Drop, latest: int) -> Path | None:
        """The folder of a finished drop; None while it is being made, with the later ones up to `latest`."""
        folder = self._root / str(drop.seq)
        if (folder / "manifest.json").exists():
            return folder
        if self._world.size <= (_FULL_AT_ONCE if drop.is_full else _DELTA_AT_ONCE):
            self._render(drop)
            return folder
        for seq in range(drop.seq, latest + 1):
            self._order(Drop(seq))
        return None

    def _order(self, drop: Drop) -> None:
        if drop.seq in self._asked:
            return
        self._asked.add(drop.seq)
        self._queue.put(drop)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="drops", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (drop := self._queue.get()) is not None and not self._stop.is_set():
            self._render(drop)

    def close(self) -> None:
        """Gives up what is being made, so that its folder can be removed."""
        self._stop.set()
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()

    def _render(self, drop: Drop) -> None:
        with self._lock:
            folder = self._root / str(drop.seq)
            if not (folder / "manifest.json").exists():
                self._renderer = self._renderer or Renderer(self._world, self._tampering, self._stop)
                self._renderer.render(drop, folder)


class GobizKorea:
    def __init__(
        self,
        world: World,
        clock: WorldClock,
        root: Path,
        *,
        real_now: Callable[[], datetime],
        has_limits: bool = True,
        tampering: Tampering = SOUND,
    ) -> None:
        self._world, self._clock, self._real_now = world, clock, real_now
        self._shelf = Shelf(world, root, tampering)
        self._downloads: dict[tuple[str, int], int] | None = {} if has_limits else None

    def close(self) -> None:
        self._shelf.close()

    def admit(self, request: Request) -> Response | str:
        """Headers, key, clock, signature; the text is the key under which the answer may be recorded."""
        given = [request.headers.get(name, "") for name in ("x-gb-key", "x-gb-date", "x-gb-signature")]
        if not all(given):
            return error("GB-4010")
        key, date, signature = given
        if key != KEY_ID:
            return error("GB-4011")
        try:
            stated = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return error("GB-4001")
        now = self._real_now().replace(microsecond=0)
        if abs((now - stated).total_seconds()) > SKEW:
            return error("GB-4012", serverTime=now.strftime("%Y%m%dT%H%M%SZ"))
        if not hmac.compare_digest(sign(request, date).encode(), signature.lower().encode("utf-8", "replace")):
            return error("GB-4013")
        return f"{request.method} {request.path}"

    def answer(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if parts == ["drop", "v2", "ack"]:
            return _acknowledge(request) if request.method == "POST" else error("GB-4050")
        match parts:
            case ["drop", "v2", "manifest.json"]:
                make = self._index
            case ["drop", "v2", number, file] if _is_number(number):
                seq = int(number)

                def make() -> Response:
                    return self._file(seq, file)
            case _:
                return error("GB-4040")
        return make() if request.method == "GET" else error("GB-4050")

    def _latest(self) -> int:
        """The newest number whose publication has come."""
        now = self._clock.second()
        last = FIRST_FULL + 25 * (now // DAY + 1)
        while Drop(last).created > now or Drop(last).day > self._last_day:
            last -= 1
        return last

    @property
    def _last_day(self) -> int:
        """The world stands still after its day, so the next day's full drop never comes from this mock."""
        return self._clock.day

    def _index(self) -> Response:
        now, latest = self._clock.second(), self._latest()
        drops = [Drop(seq) for seq in range(latest - 25 * 8, latest + 1)]
        kept = [drop for drop in drops if drop.created > now - KEPT]
        document = {
            "feedVersion": feed_version(Drop(latest).day),
            "asOf": moment(now).isoformat(),
            "latestFull": max((drop.seq for drop in kept if drop.is_full), default=None),
            "latest": latest,
            "drops": [
                {
                    "seq": drop.seq,
                    "kind": "FULL" if drop.is_full else "DELTA",
                    "createdAt": moment(drop.created).isoformat(),
                    "manifest": f"drop/v2/{drop.seq}/manifest.json",
                }
                for drop in kept
            ],
        }
        return Response(200, JSON, json.dumps(document, ensure_ascii=False, indent=1).encode(), is_lasting=True)

    def _file(self, seq: int, file: str) -> Response:
        drop, latest = Drop(seq), self._latest()
        if seq > latest:
            return error("GB-4041", seq=seq)
        if drop.created <= self._clock.second() - KEPT:
            return error("GB-4100", seq=seq)
        folder = self._shelf.folder(drop, latest)
        if folder is None:
            return error("GB-4041", wait_s=max(1, min(20, self._world.size // 20_000)), seq=seq)
        if file == "manifest.json":
            return Response(200, JSON, (folder / file).read_bytes(), is_lasting=True)
        return self._part(folder, seq, file)

    def _part(self, folder: Path, seq: int, file: str) -> Response:
        path = folder / file
        if not file.endswith(".csv.gz") or path.parent != folder or not path.is_file():
            return error("GB-4042", seq=seq)
        if self._downloads is not None:
            place = (f"{seq}/{file}", self._clock.second() // DAY)
            self._downloads[place] = self._downloads.get(place, 0) + 1
            if self._downloads[place] > DOWNLOADS:
                return error("GB-4290")
        return Response(200, "application/gzip", path.read_bytes())


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _acknowledge(request: Request) -> Response:
    try:
        report = json.loads(request.body)
        seq, status = report["seq"], report["status"]
        if type(seq) is not int or status not in ("OK", "REJECTED"):
            raise ValueError(status)
    except (ValueError, KeyError, TypeError):
        return error("GB-4002")
    return to_json({"code": "GB-0000", "message": "OK", "seq": seq})
