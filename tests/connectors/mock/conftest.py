"""A plain reader of the three mocks, in process: it knows the guides and nothing of the product's connectors."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from connectors.mock import gobizkorea
from connectors.mock.message import Request, Response
from connectors.mock.platforms import Mock
from connectors.mock.settings import Settings

PRODUCTION = "Zx8/Qm+4Lr2TyVb9+NcKd0WsGh6/JfPe3UaXo1iRt5Ek7vCyMbBzSlHgOq+AnDuIwFj/1Y=="
MEMBER = ("tkc-test-member", "mS3-9fQ2xV7bL1kT")
NOW = datetime(2026, 9, 14, 1, 22, 5, tzinfo=UTC)


@dataclass
class Reader:
    """Speaks to one mock; `base` may be a fault's address."""

    mock: Mock
    ticks: list[float]
    base: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    def wait(self, seconds: float) -> None:
        self.ticks[0] += seconds

    def at(self, fault: str) -> "Reader":
        return Reader(self.mock, self.ticks, f"/faulty/{fault}")

    # --- BuyKorea ---

    def buykorea(self, path: str, *, key: str = PRODUCTION, method: str = "GET") -> Response:
        mark = "&" if "?" in path else "?"
        target = f"{self.base}/buykorea/v1/{path}{mark}serviceKey={quote(key, safe='')}"
        return self.mock.handle(method, target, {}, b"")

    def goods(self, query: str = "") -> tuple[list[ElementTree.Element], int]:
        """All rows of the list in the order of one walk, and the last totalCount."""
        rows: list[ElementTree.Element] = []
        page = 0
        while True:
            page += 1
            answer = ElementTree.fromstring(self.buykorea(f"goodsList?numOfRows=100&pageNo={page}{query}").body)  # noqa: S314
            found = answer.findall(".//item")
            if not found:
                return rows, int(answer.findtext(".//totalCount") or -1)
            rows += found

    # --- GobizKOREA ---

    def gobizkorea(self, path: str, *, method: str = "GET", body: bytes = b"", **changed: str) -> Response:
        raw, _, query = f"{self.base}/gobizkorea/{path}".partition("?")
        date = changed.get("date", NOW.strftime("%Y%m%dT%H%M%SZ"))
        signature = gobizkorea.sign(Request(method, raw, raw, query, {}, body), date)
        headers = {
            "x-gb-key": changed.get("key", gobizkorea.KEY_ID),
            "x-gb-date": date,
            "x-gb-signature": changed.get("signature", signature),
        }
        return self.mock.handle(method, f"{raw}?{query}" if query else raw, headers, body)

    def drop_index(self) -> dict[str, Any]:
        return dict(json.loads(self.gobizkorea("drop/v2/manifest.json").body))

    def manifest(self, seq: int) -> dict[str, Any]:
        response = self.gobizkorea(f"drop/v2/{seq}/manifest.json")
        assert response.status == 200, response.body
        return dict(json.loads(response.body))

    def table(self, seq: int, name: str) -> list[list[str]]:
        """All records of a table, checked against the manifest."""
        table, rows = self.manifest(seq)["tables"][name], []
        for part in table["parts"]:
            body = self.gobizkorea(f"drop/v2/{seq}/{part['file']}").body
            assert (len(body), hashlib.sha256(body).hexdigest()) == (part["bytes"], part["sha256"])
            text = gzip.decompress(body).decode("cp949")
            header, *found = csv.reader(io.StringIO(text, newline=""))
            assert (header, len(found)) == (table["columns"], part["rows"])
            rows += found
        return rows

    def products(self, seq: int) -> list[dict[str, str]]:
        """Product rows by column name, without those of another shape."""
        columns = self.manifest(seq)["tables"]["product"]["columns"]
        return [dict(zip(columns, row, strict=True)) for row in self.table(seq, "product") if len(row) == len(columns)]

    # --- tradeKorea ---

    def token(self, scope: str = "member", client: tuple[str, str] = MEMBER) -> str:
        form = f"grant_type=client_credentials&scope={scope}&client_id={client[0]}&client_secret={client[1]}"
        response = self.mock.handle("POST", f"{self.base}/tradekorea/oauth/token", {}, form.encode())
        return str(json.loads(response.body)["access_token"])

    def tradekorea(
        self, path: str, *, scope: str = "member", token: str | None = None, method: str = "GET"
    ) -> Response:
        if token is None:
            token = self.tokens.setdefault(scope, "") or self.token(scope)
            self.tokens[scope] = token
        headers = {"authorization": f"Bearer {token}"}
        return self.mock.handle(method, f"{self.base}/tradekorea/v1/{path}", headers, b"")

    def walk(self, path: str, query: str = "", *, scope: str = "member") -> Iterator[dict[str, Any]]:
        """The pages of one walk."""
        cursor = ""
        while True:
            response = self.tradekorea(f"{path}?limit=50{query}{cursor}", scope=scope)
            assert response.status == 200, response.body
            page = json.loads(response.body)
            yield page
            if not page["hasMore"]:
                return
            cursor = f"&cursor={page['nextCursor']}"

    def items(self, path: str, query: str = "", *, scope: str = "member") -> list[dict[str, Any]]:
        return [item for page in self.walk(path, query, scope=scope) for item in page["items"]]


@pytest.fixture(scope="session")
def open_mock() -> Iterator[Callable[..., Reader]]:
    """Opens a mock with a clock that only moves when told."""
    opened: list[Mock] = []

    def open_one(*, now: datetime = NOW, **settings: Any) -> Reader:
        ticks = [0.0]
        chosen = Settings(**{"size": 400, "seed": 7, "has_limits": False, **settings})
        mock = Mock(chosen, ticks=lambda: ticks[0], now=lambda: now)
        opened.append(mock)
        return Reader(mock, ticks)

    yield open_one
    for mock in opened:
        mock.close()


@pytest.fixture(scope="session")
def reader(open_mock: Callable[..., Reader]) -> Reader:
    """A world of 400 listings a platform on day 0, limits lifted."""
    return open_mock()
