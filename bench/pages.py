"""Every page of a recorded mock, read with the least possible code: what the floor reads."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import requests

# The guides' test credentials; they open mock servers only.
BUYKOREA_KEY = "Zx8/Qm+4Lr2TyVb9+NcKd0WsGh6/JfPe3UaXo1iRt5Ek7vCyMbBzSlHgOq+AnDuIwFj/1Y=="
GOBIZKOREA_ID, GOBIZKOREA_SECRET = "gbk-test-0001", "hM9v2Qd7Wc4Zt1Lx8Rn5Bk3Yp6Sf0Ja7"
TRADEKOREA_CLIENT = b"tkc-test-member:mS3-9fQ2xV7bL1kT"


def all_pages(url: str) -> Iterator[bytes]:
    """The listing pages of BuyKorea and tradeKorea and every part of GobizKOREA's newest full drop."""
    session = requests.Session()
    yield from _buykorea(session, f"{url}/buykorea")
    yield from _gobizkorea(session, f"{url}/gobizkorea")
    yield from _tradekorea(session, f"{url}/tradekorea")


def _buykorea(session: requests.Session, base: str) -> Iterator[bytes]:
    key = quote(BUYKOREA_KEY, safe="")
    page, total = 1, 1
    while (page - 1) * 100 < total:
        address = f"{base}/v1/goodsList?serviceKey={key}&pageNo={page}&numOfRows=100&type=json"
        body = session.get(address, timeout=60).content
        if page == 1:
            total = json.loads(body)["response"]["body"]["totalCount"]
        yield body
        page += 1


def _gobizkorea(session: requests.Session, base: str) -> Iterator[bytes]:
    index = json.loads(_signed(session, f"{base}/drop/v2/manifest.json"))
    drop = f"{base}/drop/v2/{index['latestFull']}"
    manifest = json.loads(_signed(session, f"{drop}/manifest.json"))
    for table in manifest["tables"].values():
        for part in table["parts"]:
            yield _signed(session, f"{drop}/{part['file']}")


def _signed(session: requests.Session, address: str) -> bytes:
    date = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    text = "\n".join(("GET", urlsplit(address).path, "", date, hashlib.sha256(b"").hexdigest()))
    signature = hmac.new(GOBIZKOREA_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    headers = {"X-GB-Key": GOBIZKOREA_ID, "X-GB-Date": date, "X-GB-Signature": signature}
    return session.get(address, headers=headers, timeout=60).content


def _tradekorea(session: requests.Session, base: str) -> Iterator[bytes]:
    basic = {"Authorization": "Basic " + base64.b64encode(TRADEKOREA_CLIENT).decode()}
    form = {"grant_type": "client_credentials", "scope": "member"}
    token = session.post(f"{base}/oauth/token", data=form, headers=basic, timeout=60).json()["access_token"]
    cursor = ""
    while True:
        address = f"{base}/v1/products?limit=50" + (f"&cursor={quote(cursor, safe='')}" if cursor else "")
        body = session.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=60).content
        yield body
        page = json.loads(body)
        if not page["hasMore"]:
            return
        cursor = page["nextCursor"]
