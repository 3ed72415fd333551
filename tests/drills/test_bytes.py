"""Reliability C1: a body that is not whole, in any of nine shapes (packed or plain) and cut anywhere, is refused."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from connectors.decode import Page, decode_json, decode_json_page, decode_xml
from connectors.http import Transport
from integrator.errors import BytesRefused
from integrator.record import Kind
from tests.drills.framing import PACKED, SHAPES, Server, Shape, chunk, close_delimit, pack, send
from tests.drills.stage import DONE, PLATFORMS, Stage, read_contents
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 9

Read = Callable[[str], bytes]


# Pages ---------------------------------------------------------------------------------------------------------------


def write_json(dice: random.Random) -> bytes:
    rows = [{"id": f"{number:06}", "name": f"핸드 크림 {dice.random()}"} for number in range(dice.randrange(5, 40))]
    return json.dumps({"rows": rows}, ensure_ascii=False).encode()


def write_xml(dice: random.Random) -> bytes:
    rows = "".join(f"<row><name>핸드 크림 {dice.random()}</name></row>" for _ in range(dice.randrange(5, 40)))
    return f'<?xml version="1.0" encoding="UTF-8"?><response><rows>{rows}</rows></response>'.encode()


PAGES = [(write_json, decode_json), (write_xml, decode_xml)]


# The drill -----------------------------------------------------------------------------------------------------------


class Same(Server):
    """The same bytes for everybody."""

    def __init__(self) -> None:
        self.reply = b""
        super().__init__(lambda _head, _body: self.reply)


def drill(tally: Tally, server: Same, read: Read, *, cuts: int) -> None:
    dice = random.Random(tally.seed)
    for shape in SHAPES:
        for number in range(cuts):
            write, decode = PAGES[number % 2]
            page = write(dice)
            server.reply = shape.make(page, dice)
            tally.count(*find_acceptance(shape, server.url, read, decode))


def find_acceptance(shape: Shape, url: str, read: Read, decode: Callable[[bytes], object]) -> Iterator[str]:
    try:
        body = read(url)
        if shape.is_page:
            decode(body)
    except (BytesRefused, requests.RequestException):
        return
    yield f"{shape.name}: {len(body)} bytes were accepted"


def read_whole(url: str) -> bytes:
    transport = Transport(url, clock=FakeClock())
    try:
        return transport.get("/page").body
    finally:
        transport.close()


def read_trustingly(url: str) -> bytes:
    """What the library takes for the body."""
    return requests.get(url, timeout=10).content


@pytest.fixture
def server() -> Iterator[Same]:
    server = Same()
    yield server
    server.close()


def test_no_body_that_is_not_whole_is_accepted(server: Same, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("C1 bytes", seed=SEED)

    drill(tally, server, read_whole, cuts=100 if is_full_drill else 10)

    assert tally.violations == []


@pytest.mark.parametrize(("write", "decode"), PAGES)
def test_the_same_pages_are_accepted_whole(server: Same, write, decode) -> None:
    """Else a reader that refuses everything would pass the drill."""
    page = write(random.Random(SEED))
    whole = [
        send(page),
        send(pack(page), *PACKED),
        close_delimit(page),
        close_delimit(pack(page), *PACKED),
        close_delimit(chunk(page), "Transfer-Encoding: chunked"),
        close_delimit(chunk(pack(page)), "Transfer-Encoding: chunked", *PACKED),
    ]
    for reply in whole:
        server.reply = reply

        got = read_whole(server.url)

        assert got == page
        decode(got)


def test_the_drill_notices_a_reader_that_trusts_the_library(server: Same, open_tally: OpenTally) -> None:
    tally = open_tally("C1 bytes", seed=SEED, planted="the library's own body")

    drill(tally, server, read_trustingly, cuts=10)

    fooled = {each.partition(":")[0] for each in tally.violations}
    assert {"gzip halved", "gzip trailer missing", "close-delimited, gzip", "second gzip member"} <= fooled


# The same with connectors: no page of which a part came is applied ----------------------------------------------------


# The first answer that holds listings.
LISTINGS = ("goodsList?type=json&pageNo=1&numOfRows=100", "product-0001", "/v1/products")


@contextmanager
def framing(stage: Stage, question: str, make: Callable[[bytes], bytes]) -> Iterator[str]:
    """An address that gives the recorded answers whole, and the one to this question as `make` frames it."""

    def answer(head: bytes, body: bytes) -> bytes:
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        asked = len(stage.server.asked)
        reply = stage.server.answer(method, path, dict(line.split(": ", 1) for line in lines[1:]), body)
        whole = reply.body
        if stage.server.asked[asked] == question:
            return make(whole)
        return send(whole) if reply.status == 200 else b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    server = Server(answer)
    try:
        yield server.url + stage.recording.path
    finally:
        server.close()


def find_applied(stage: Stage, question: str, shape: Shape, dice: random.Random) -> Iterator[str]:
    """What a census into an empty store makes of a body that is not whole."""
    body = stage.body_of(question)
    # GobizKOREA's drop is joined out of many files: nothing of it stands in one of them alone.
    inside = {each.external_id for each in stage.records if each.kind is Kind.LISTING and each.body in body}
    with framing(stage, question, lambda whole: shape.make(whole, dice)) as url, stage.trial(empty=True) as database:
        outcome = stage.sync(database, url=url)
        contents = read_contents(database)
    if outcome.state == DONE:
        yield "the run succeeded"
    if found := inside & contents.keys() or (contents.keys() if stage.platform == "gobizkorea" else ()):
        yield f"{len(found)} listings of it were applied"


def drill_pages(tally: Tally, stage: Stage, shapes: list[Shape], *, cuts: int) -> None:
    dice = random.Random(tally.seed)
    listings = [each for each in stage.questions if any(name in each for name in LISTINGS)]
    question = [*listings, max(stage.questions, key=lambda each: len(stage.body_of(each)))][0]
    for shape in shapes:
        for _ in range(cuts):
            wrong = find_applied(stage, question, shape, dice)
            tally.count(*(f"{stage.platform}, {shape.name}: {each}" for each in wrong))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_page_that_is_not_whole_is_applied(
    platform: str, tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally(f"C1 pages, {platform}", seed=SEED)

    with Stage.playing(platform, tmp_path) as stage:
        drill_pages(tally, stage, SHAPES if is_full_drill else SHAPES[::2], cuts=10 if is_full_drill else 1)

    assert tally.violations == []


def test_the_same_answers_are_applied_whole(tmp_path: Path) -> None:
    """Else a connector that applies nothing would pass the drill."""
    whole = Shape("whole", lambda page, _: send(pack(page), *PACKED))
    with Stage.playing("tradekorea", tmp_path) as stage:
        wrong = list(find_applied(stage, "GET /v1/products?limit=50", whole, random.Random(SEED)))

    assert wrong == ["the run succeeded", "50 listings of it were applied"]


def test_the_drill_notices_a_page_mended_at_its_cut(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mend(body: bytes, path: Sequence[str]) -> Page:
        try:
            return decode_json_page(body, path)
        except BytesRefused:
            rows, _, _ = body.rpartition(b',{"productNo"')
            return decode_json_page(rows + b'],"hasMore":false,"nextCursor":null}', path)

    monkeypatch.setattr("connectors.tradekorea.access.decode_json_page", mend)
    tally = open_tally("C1 pages, tradekorea", seed=SEED, planted="a page is mended at its cut")

    with Stage.playing("tradekorea", tmp_path) as stage:
        drill_pages(tally, stage, [shape for shape in SHAPES if shape.is_page], cuts=2)

    assert any("were applied" in each for each in tally.violations)
