"""A members' API small enough to read: tokens and scopes are checked, pages and troubles are scripted."""

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors import Access
from connectors.tradekorea.feed import TradeKorea
from integrator.store.budgets import SharedBudget
from integrator.store.database import Database
from integrator.store.spool import DiskSpool

SAMPLES = Path(__file__).parents[2] / "golden" / "feeds" / "tradekorea"
MEMBER, PUBLIC = "tkc-test-member", "tkc-test-public"
SECRETS = {MEMBER: "mS3-9fQ2xV7bL1kT", PUBLIC: "pS8-4rW6nD0cH5jY"}
AS_OF = "2026-09-14T11:00:00+09:00"


class FakeClock:
    """Moves only when somebody sleeps."""

    def __init__(self):
        self.at = datetime(2026, 9, 14, 2, 0, 0, tzinfo=UTC)
        self.slept = []

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


class MemberHost:
    """Lists cut into pages, singles, and answers scripted ahead (`troubles`: path -> answers to give first)."""

    def __init__(self):
        self.url = ""
        self.lists: dict[str, list[dict[str, object]]] = {"/v1/products": [], "/v1/suppliers": [], "/v1/tombstones": []}
        self.singles = {}
        self.page = 2
        self.as_of = AS_OF
        self.asked = []
        self.tokens = {}
        self.signed_in = []
        self.troubles = {}
        self.spend_after = None  # calls that a token is good for
        self.limits = []

    def put(self, path, *rows):
        self.lists[path].extend(rows)
        return self

    def calls(self, path):
        return [query for asked, query in self.asked if asked == path]

    def answer(self, method, path, query, headers, body):
        if path == "/oauth/token":
            return self.grant(headers, body)
        scope = self.scope_of(headers)
        if scope is None:
            return 401, {}, (SAMPLES / "error_401.json").read_bytes()
        self.asked.append((path, query))
        if self.troubles.get(path):
            return self.troubles[path].pop(0)
        if path in self.lists:
            return 200, self.limits.pop(0) if self.limits else {}, self.list_page(path, query)
        return self.singles.get(path, (404, {}, b'{"error":{"code":"NOT_FOUND","message":"No such product"}}'))

    def grant(self, headers, body):
        asked = parse_qs(body.decode())
        client, _, secret = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        scope = asked["scope"][0]
        if SECRETS.get(client) != secret:
            return 401, {}, b'{"error":"invalid_client"}'
        if scope == "member" and client != MEMBER:
            return 400, {}, b'{"error":"invalid_scope"}'
        token = f"token-{len(self.signed_in)}"
        self.signed_in.append(scope)
        self.tokens[token] = [scope, self.spend_after]
        told = {"access_token": token, "token_type": "Bearer", "expires_in": 1800, "scope": scope}
        return 200, {}, json.dumps(told).encode()

    def scope_of(self, headers):
        token = self.tokens.get(headers.get("Authorization", "").removeprefix("Bearer "))
        if token is None or token[1] == 0:
            return None
        if token[1] is not None:
            token[1] -= 1
        return token[0]

    def list_page(self, path, query):
        time = {"/v1/products": ("updatedAfter", "updatedAt"), "/v1/tombstones": ("since", "withdrawnAt")}.get(path)
        rows = self.lists[path]
        if time and time[0] in query:
            rows = [row for row in rows if str(row[time[1]]) >= query[time[0]]]
        start = int(query.get("cursor", f"{path}:0").rpartition(":")[2])
        end = start + self.page
        more = end < len(rows)
        cursor = f"{path}:{end}" if more else None
        return page(rows[start:end], as_of=self.as_of, cursor=cursor)


def page(rows, *, as_of=AS_OF, cursor=None):
    found = {"asOf": as_of, "items": rows, "hasMore": cursor is not None, "nextCursor": cursor}
    return json.dumps(found, ensure_ascii=False).encode()


def product(number=100001, hour=0, **fields):
    return {
        "productNo": f"P{number}", "slug": "trial",
        "url": f"https://www.tradekorea.example/product/detail/P{number}/trial.html",
        "name": f"Trial Product {number}", "supplier": {"id": "204871", "name": "Trial Co.", "country": "KR"},
        "status": "ACTIVE", "registeredAt": "2025-03-10T09:00:00+09:00",
        "updatedAt": f"2026-09-01T{hour:02}:00:00+09:00",
    } | fields  # fmt: skip


def supplier(number=204871, **fields):
    return {
        "id": str(number),
        "name": "Trial Co., Ltd.",
        "country": "KR",
        "updatedAt": "2026-06-01T09:00:00+09:00",
    } | fields


def tombstone(number, hour=0, **fields):
    told = {"productNo": f"P{number}", "withdrawnAt": f"2026-09-14T{hour:02}:00:00+09:00", "reason": "SELLER"}
    return told | {"mergedInto": None} | fields


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def host():
    host = MemberHost()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: apart, each answer waits for a delayed acknowledgement

        def reply(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path.removeprefix("/tradekorea"))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, headers, answer = host.answer(self.command, parts.path, query, self.headers, body)
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
    host.url = f"http://127.0.0.1:{server.server_port}/tradekorea"
    yield host
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def open_connector(host, clock, tmp_path):
    database = Database(f"sqlite:///{tmp_path}/hanmaru.db")
    database.migrate()

    def open_as(client=MEMBER, secret=None):
        access = Access(host.url, {"client_id": client, "client_secret": secret or SECRETS[client]})
        budget = SharedBudget(database, platform="tradekorea", key=client, clock=clock)
        return TradeKorea.open(access, clock=clock, spool=DiskSpool(tmp_path), budget=budget)

    return open_as


@pytest.fixture
def connector(open_connector):
    return open_connector()
