"""Reliability D5: XML brings no document type, no entity and no call; where labels disagree nothing is guessed."""

import itertools
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from connectors import decode
from connectors.buykorea.envelope import read_page
from connectors.http import Answer
from integrator.errors import FeedChanged, FeedUnavailable
from tests.drills.tally import OpenTally, Tally

SEED = 27

# Labels -------------------------------------------------------------------------------------------------------------

TEXT = "한글 뷁"
HEADERS = (None, "utf-8", "euc-kr")
MARKS = {"no mark": b"", "a mark": b"\xef\xbb\xbf", "a mark of UTF-16": b"\xff\xfe"}
_DECLARE = '<?xml version="1.0" encoding="{}"?>'
DECLARATIONS = {"none": "", "UTF-8": _DECLARE.format("UTF-8"), "EUC-KR": _DECLARE.format("EUC-KR")}
ENCODINGS = ("utf-8", "cp949")


def disagreements() -> Iterator[tuple[str, str | None, bytes]]:
    """Header, mark and declaration in all 27 ways, the bytes in either encoding."""
    for header, mark, declared in itertools.product(HEADERS, MARKS, DECLARATIONS):
        for encoding in ENCODINGS:
            body = MARKS[mark] + (DECLARATIONS[declared] + f"<a>{TEXT}</a>").encode(encoding)
            yield f"header {header}, {mark}, declaration {declared}, bytes {encoding}", header, body


def find_guesses(header: str | None, body: bytes) -> Iterator[str]:
    try:
        got = decode.decode_xml(body, charset=header).text
    except FeedUnavailable:
        return
    if got != TEXT:
        yield f"read as {got!r}"


# Documents ----------------------------------------------------------------------------------------------------------


def write_hostile(canary: str, secret: Path) -> dict[str, bytes]:
    """Documents that fetch, grow, nest or hide; every one names the file or the address that it wants."""
    external = [f"file://{secret}", canary, f"{canary}/x.dtd", "ftp://127.0.0.1/x", "//127.0.0.1/x", "php://filter/x"]
    found = {
        f"entity of {where}": f'<!DOCTYPE a [<!ENTITY x SYSTEM "{where}">]><a>&x;</a>' for where in external
    } | {
        f"document type of {where}": f'<!DOCTYPE a SYSTEM "{where}"><a/>' for where in external
    }  # fmt: skip
    found |= {
        "parameter entity": f'<!DOCTYPE a [<!ENTITY % x SYSTEM "{canary}">%x;]><a/>',
        "a public identifier": f'<!DOCTYPE a PUBLIC "-//X//Y" "{canary}"><a/>',
        "a billion laughs": "<!DOCTYPE a [<!ENTITY a 'ha'>"
        + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
        + "]><a>&j;</a>",
        "one long entity": f"<!DOCTYPE a [<!ENTITY x '{'A' * 100_000}'>]><a>{'&x;' * 1000}</a>",
        "a type behind a comment": "<!-- x --><!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "a type behind an instruction": "<?x y?><!DOCTYPE a><a/>",
        "a type behind blanks": " \n\t<!DOCTYPE a><a/>",
        "a type in small letters": "<!doctype a><a/>",
        "an unknown entity": "<a>&nbsp;</a>",
        "an inclusion": f'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{canary}"/></a>',
        "a style sheet": f'<?xml-stylesheet href="{canary}"?><a/>',
        "a schema": f'<a xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:noNamespaceSchemaLocation="{canary}"/>',
        "deep": "<a>" * 10_000 + "</a>" * 10_000,
        "a text of 11 MB": "<a>" + "x" * 11_000_000 + "</a>",
        "many attributes": "<a " + " ".join(f'b{n}="1"' for n in range(100_000)) + "/>",
        "an attribute twice": '<a b="1" b="2"/>',
        "a control": "<a>\x01</a>", "a NUL": "<a>\x00</a>", "a NUL by reference": "<a>&#0;</a>",
        "half a pair": "<a>&#xD800;</a>", "two roots": "<a/><b/>", "a cut": "<a><b>", "text behind": "<a/>x",
        "another version": '<?xml version="1.1"?><a/>', "standalone": '<?xml version="1.0" standalone="yes"?><a/>',
    }  # fmt: skip
    return {name: text.encode() for name, text in found.items()}


# What may be read, for nothing in it is done.
INERT = {"an inclusion", "a style sheet", "a schema", "another version", "standalone", "many attributes"}


def find_harm(name: str, body: bytes, canary: socket.socket) -> Iterator[str]:
    try:
        decode.decode_xml(body)
        if name not in INERT:
            yield f"{name} was read"
    except FeedUnavailable as error:
        if not str(error):
            yield f"{name} is refused without a reason"
    except Exception as error:
        yield f"{name} raised {type(error).__name__}"
    try:
        read_page(Answer(200, {}, body, len(body)))
        yield f"{name} passes for a page"
    except (FeedUnavailable, FeedChanged):
        pass
    try:
        canary.accept()[0].close()
        yield f"{name} called out"
    except BlockingIOError:
        pass


@pytest.fixture
def canary() -> Iterator[socket.socket]:
    """An address that nobody may call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def drill(tally: Tally, canary: socket.socket, secret: Path) -> None:
    for name, header, body in disagreements():
        tally.count(*(f"{name}: {each}" for each in find_guesses(header, body)))
    address = f"http://127.0.0.1:{canary.getsockname()[1]}"
    for name, body in write_hostile(address, secret).items():
        tally.count(*find_harm(name, body, canary))


def mutate(body: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(body))
    return (
        body[:place]
        + dice.choice((b"", b"<", b"&", b"\xff", b"]]>", b"<!", b"\x00"))
        + body[place + dice.randrange(9) :]
    )


def drill_damage(tally: Tally, *, bodies: int) -> None:
    """Sound pages with a few bytes of them lost or others: read or refused, nothing else."""
    dice = random.Random(tally.seed)
    page = (
        '<?xml version="1.0" encoding="{}"?><response><body><items><item><A>한글</A></item></items></body></response>'
    )
    sound = (page.format("UTF-8").encode(), page.format("EUC-KR").encode("cp949"))
    for _ in range(bodies):
        body = mutate(dice.choice(sound), dice)
        try:
            decode.cut_xml(body, "item")
            decode.decode_xml(body)
            tally.count()
        except FeedUnavailable:
            tally.count()
        except Exception as error:
            tally.count(f"{body!r} raised {type(error).__name__}")


def test_xml_brings_nothing_and_is_never_guessed(
    open_tally: OpenTally, is_full_drill: bool, canary: socket.socket, tmp_path: Path
) -> None:
    tally = open_tally("D5 XML", seed=SEED)

    drill(tally, canary, tmp_path / "secret")
    drill_damage(tally, bodies=10_000 if is_full_drill else 1_000)

    assert len(list(disagreements())) == 2 * 27
    assert tally.violations == []


def test_labels_that_agree_are_believed() -> None:
    """Else a reader that refuses everything would pass the drill."""
    read = 0
    for _, header, body in disagreements():
        try:
            read += decode.decode_xml(body, charset=header).text == TEXT
        except FeedUnavailable:
            continue

    # UTF-8 with each label there or not (8), EUC-KR named once or twice (3).
    assert read == 8 + 3


def test_the_drill_notices_the_library_alone(
    open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch, canary: socket.socket, tmp_path: Path
) -> None:
    def trust(body: bytes, *, charset: str | None = None) -> etree._Element:
        read = etree.fromstring(body, etree.XMLParser(recover=True, load_dtd=True, resolve_entities=True))
        return etree.Element("nothing") if read is None else read

    monkeypatch.setattr(decode, "decode_xml", trust)
    tally = open_tally("D5 XML", seed=SEED, planted="the library alone")

    drill(tally, canary, tmp_path / "secret")

    assert any("read as" in violation for violation in tally.violations)
    assert sum("was read" in violation for violation in tally.violations) > 10
