"""A drop server small enough to read: signatures are checked, drops are files, troubles are scripted."""

import gzip
import hashlib
import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from connectors import Access
from connectors.gobizkorea.access import sign
from connectors.gobizkorea.feed import GobizKorea
from integrator.store.budgets import SharedBudget
from integrator.store.database import Database
from integrator.store.spool import DiskSpool

SAMPLES = Path(__file__).parents[2] / "golden" / "feeds" / "gobizkorea"
KEY, SECRET = "gbk-test-0001", "hM9v2Qd7Wc4Zt1Lx8Rn5Bk3Yp6Sf0Ja7"
BASE = "/feeds/gobizkorea"


class FakeClock:
    """Moves only when somebody sleeps."""

    def __init__(self):
        self.at = datetime(2026, 9, 14, 1, 22, 5, tzinfo=UTC)
        self.slept = []

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


class DropHost:
    """What the platform holds, what was asked, and what goes wrong (`troubles`: path -> answers to give first)."""

    def __init__(self, clock):
        self.clock = clock
        self.files = {}
        self.drops = {}
        self.as_of = "2026-09-15T00:10:00+09:00"
        self.asked: Counter[str] = Counter()
        self.url = ""
        self.reports = []
        self.troubles = {}
        self.ahead = timedelta()
        self.stray_index = None

    # What it holds

    def add(self, seq, folder):
        """A drop as the samples keep it."""
        for path in folder.iterdir():
            if path.is_file():
                self.files[f"/drop/v2/{seq}/{path.name}"] = path.read_bytes()
        self.drops[seq] = json.loads((folder / "manifest.json").read_bytes())["kind"]

    def add_samples(self, *seqs):
        for seq in seqs:
            self.add(seq, SAMPLES / str(seq))
        return self

    def make(self, seq, *, kind="FULL", base=None, parts, **more):
        """A drop made of texts: `parts` by table, each a list of (columns, rows) with rows as lists of cells."""
        tables = {}
        for table, pieces in parts.items():
            described: list[dict[str, object]] = []
            rows = sum(len(rows) for _, rows in pieces)
            tables[table] = {"columns": list(pieces[0][0]), "rows": rows, "parts": described}
            for number, (columns, rows) in enumerate(pieces, 1):
                name = f"{table}-{number:04}.csv.gz"
                body = gzip.compress(write_csv([columns, *rows]).encode("cp949"), mtime=0)
                self.files[f"/drop/v2/{seq}/{name}"] = body
                described.append(describe(name, len(rows), body))
        manifest = {
            "seq": seq, "kind": kind, "baseSeq": base, "feedVersion": "2.1", "encoding": "CP949", "lineEnd": "CRLF",
            "createdAt": self.as_of, "coversFrom": None, "coversTo": self.as_of, "tables": tables,
        } | more  # fmt: skip
        self.files[f"/drop/v2/{seq}/manifest.json"] = json.dumps(manifest).encode()
        self.drops[seq] = kind

    def index(self):
        drops = [{"seq": seq, "kind": kind, "createdAt": self.as_of} for seq, kind in sorted(self.drops.items())]
        fulls = [seq for seq, kind in self.drops.items() if kind == "FULL"]
        found = {
            "feedVersion": "2.1",
            "asOf": self.as_of,
            "latestFull": max(fulls, default=None),
            "latest": max(self.drops, default=None),
            "drops": drops,
        }
        return json.dumps(self.stray_index or found).encode()

    # What it answers

    def answer(self, method, path, headers, body):
        self.asked[path] += 1
        refusal = self.refuse(method, path, headers, body)
        if refusal:
            return refusal
        if self.troubles.get(path):
            return self.troubles[path].pop(0)
        if path == "/drop/v2/ack":
            self.reports.append(json.loads(body))
            return 200, {}, b'{"code":"GB-0000"}'
        found = self.index() if path == "/drop/v2/manifest.json" else self.files.get(path)
        return (200, {}, found) if found is not None else (404, {}, b'{"code":"GB-4042"}')

    def refuse(self, method, path, headers, body):
        stamp = headers.get("X-GB-Date", "")
        now = self.clock.now() + self.ahead
        off = abs((datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) - now).total_seconds())
        if off > 300:
            told = {"code": "GB-4012", "serverTime": now.strftime("%Y%m%dT%H%M%SZ")}
            return 401, {}, json.dumps(told).encode()
        right = sign(SECRET, method=method, path=BASE + path, query="", stamp=stamp, body=body)
        return None if headers.get("X-GB-Signature") == right else (401, {}, b'{"code":"GB-4013"}')


def describe(name, rows, body):
    return {"file": name, "rows": rows, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def write_csv(rows):
    quoted = (
        ['"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\r\n') else cell for cell in row] for row in rows
    )
    return "".join(",".join(row) + "\r\n" for row in quoted)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def host(clock):
    host = DropHost(clock)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: apart, each answer waits for a delayed acknowledgement

        def reply(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, answer = host.answer(self.command, self.path.removeprefix(BASE), self.headers, body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = reply  # noqa: N815

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    host.url = f"http://127.0.0.1:{server.server_port}{BASE}"
    yield host
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def spool(tmp_path):
    return DiskSpool(tmp_path / "spool")


@pytest.fixture
def connector(host, clock, spool):
    return GobizKorea.open(Access(host.url, {"id": KEY, "secret": SECRET}), clock=clock, spool=spool)


@pytest.fixture
def open_connector(host, clock, spool, tmp_path):
    """Each with a budget of its own on one database, as processes have."""
    database = Database(f"sqlite:///{tmp_path}/hanmaru.db")
    database.migrate()

    def open_one():
        budget = SharedBudget(database, platform="gobizkorea", key=KEY, clock=clock)
        access = Access(host.url, {"id": KEY, "secret": SECRET})
        return GobizKorea.open(access, clock=clock, spool=spool, budget=budget)

    return open_one
