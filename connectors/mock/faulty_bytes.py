"""Faults inside an answer: cut, spoilt, renamed or blown up. What is wrong inside GobizKOREA's files, `Spoilt` says."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import replace

from connectors.mock.fault import Fault, is_data, is_drop_manifest, is_json, is_later_page
from connectors.mock.message import Request, Response

_BLANKS = b" " * (1 << 20)
_BOMB_MB = 100
_RENAMED = {"buykorea": ("ENG_GOODS_NM", "GOODS_ENG_NM"), "tradekorea": ("name", "title")}


class Truncated(Fault):
    def after(self, platform: str, request: Request, response: Response) -> Response:
        if not is_data(platform, request, response):
            return response
        half = len(response.body) // 2
        return (
            replace(response, body=response.body[:half]) if platform == "gobizkorea" else replace(response, sent=half)
        )


class WrongHash(Fault):
    """A manifest made before the last part of its products."""

    def after(self, platform: str, request: Request, response: Response) -> Response:
        if response.status != 200 or not is_drop_manifest(request):
            return response
        manifest = json.loads(response.body)
        part = manifest["tables"]["product"]["parts"][-1]
        part["sha256"] = part["sha256"][::-1]
        return replace(response, body=json.dumps(manifest, ensure_ascii=False, indent=1).encode())


class WrongEncoding(Fault):
    """Bodies in another encoding than the guide and their label say: BuyKorea's in CP949, tradeKorea's in UTF-16."""

    def after(self, platform: str, request: Request, response: Response) -> Response:
        if not is_data(platform, request, response):
            return response
        text = response.body.decode()
        body = text.encode("cp949", "replace") if platform == "buykorea" else text.encode("utf-16")
        return replace(response, body=body)


class BadBytes(Fault):
    """One byte in the middle of a text, of later pages, that no UTF-8 holds."""

    def after(self, platform: str, request: Request, response: Response) -> Response:
        if not is_data(platform, request, response) or not is_later_page(platform, request, response):
            return response
        body, mark = response.body, b'":"' if is_json(response) else b">"
        place = body.find(mark, len(body) // 2)
        if place < 0:
            return response
        place += len(mark)
        return replace(response, body=body[:place] + b"\xff" + body[place:])


class RenamedField(Fault):
    """Listings carry their English name, which each must have, under another name."""

    def after(self, platform: str, request: Request, response: Response) -> Response:
        if not is_data(platform, request, response) or not request.path.startswith(("/v1/goods", "/v1/products")):
            return response
        before, behind = _RENAMED[platform]
        if platform == "buykorea":
            return replace(response, body=response.body.replace(before.encode(), behind.encode()))
        answer = json.loads(response.body)
        for record in answer.get("items", [answer]):
            record[behind] = record.pop(before, None)
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
        return replace(response, body=body)


class Bomb(Fault):
    """Pages packed by gzip, each followed by a hundred mebibytes of blanks: a hundred kilobytes on the wire."""

    def after(self, platform: str, request: Request, response: Response) -> Response:
        if not is_data(platform, request, response):
            return response
        body = b"".join(_pack(response.body))
        return replace(response, body=body, headers=(*response.headers, ("Content-Encoding", "gzip")))


def _pack(body: bytes) -> Iterator[bytes]:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    yield packer.compress(body)
    for _ in range(_BOMB_MB):
        yield packer.compress(_BLANKS)
    yield packer.flush()
