"""Reliability D4: any body that should be JSON ends in a value or in a reason, whoever reads it."""

import json
from collections.abc import Callable, Iterator, Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.buykorea import wire as buykorea
from connectors.buykorea.envelope import read_page
from connectors.decode import decode_json, decode_json_page, decode_row
from connectors.gobizkorea.access import read_error
from connectors.gobizkorea.manifest import read_index, read_manifest
from connectors.http import Answer
from integrator.errors import FeedChanged, FeedUnavailable
from integrator.record import Kind
from tests.drills.tally import OpenTally, Tally

SEED = 0  # hypothesis chooses the same examples every time

TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(["items", "response", "asOf", "drops", "구두", "\x00"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**50), 10**50) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
ODD = [
    b"", b"NaN", b"1e400", b"9" * 5000, b'{"a":1,"a":2}', b'["\\ud800"]', b"[" * 5000, b'{"a":' * 70 + b"1" + b"}" * 70,
    b"[" * 100_000, b'{"a":' * 100_000, b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"-", b'"\\', b"\x00", b"{}{}",
    b"tru", b"[1,]", b'{"response":{"body":{"items":{"item":[[],{"a":NaN}]}}}}',
    b'{"items":[{"a":1,"a":2}],"items":[]}',
]  # fmt: skip


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Sound JSON, damaged in one of the ways in which bodies are damaged, or not."""
    value = draw(VALUES)
    around = draw(st.sampled_from(["", "items", "item", "whole"]))
    shaped = {"": value, "items": {"items": value, "asOf": "x"}, "item": {"items": {"item": [value]}}}.get(
        around, {"response": {"header": {"resultCode": "00"}, "body": {"items": {"item": [value]}, "totalCount": 1}}}
    )
    body = json.dumps(shaped, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    place = draw(st.integers(0, len(body)))
    other = draw(st.sampled_from([*ODD, b'"', b"}", b"]", b":", b",", b"\\", b"\xff", b"0"]))
    ways: dict[str, Callable[[], bytes]] = {
        "as it is": lambda: body,
        "cut": lambda: body[:place],
        "put in": lambda: body[:place] + other + body[place:],
        "written over": lambda: body[:place] + other + body[place + 1 :],
        "behind": lambda: body + other,
        "in UTF-16": lambda: body.decode("utf-8", "replace").encode("utf-16"),
        "in UTF-32": lambda: body.decode("utf-8", "replace").encode("utf-32"),
        "marked": lambda: b"\xef\xbb\xbf" + body,
        "alone": lambda: other,
    }
    return ways[draw(st.sampled_from(sorted(ways)))]()


def answer(body: bytes) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, body, len(body))


READERS: dict[str, Callable[[bytes], object]] = {
    "decode_json": decode_json,
    "decode_row": decode_row,
    "a page of items": lambda body: decode_json_page(body, ("items",)),
    "a page of BuyKorea": lambda body: read_page(answer(body)),
    "a kept row of BuyKorea": lambda body: buykorea.fingerprint(Kind.LISTING, buykorea.decode(Kind.LISTING, body)),
    "GobizKOREA's index": lambda body: read_index(decode_json(body)),
    "GobizKOREA's manifest": lambda body: read_manifest(decode_json(body), seq=1),
    "GobizKOREA's error": lambda body: read_error(answer(body)),
}


def find_unhandled(readers: Mapping[str, Callable[[bytes], object]], body: bytes) -> Iterator[str]:
    for name, read in readers.items():
        try:
            read(body)
        except (FeedUnavailable, FeedChanged) as error:
            if not str(error):
                yield f"{name}: {body[:60]!r} is refused without a reason"
        except Exception as error:
            yield f"{name}: {body[:60]!r} raised {type(error).__name__}"


def drill(tally: Tally, readers: Mapping[str, Callable[[bytes], object]], *, examples: int) -> None:
    for body in ODD:
        tally.count(*find_unhandled(readers, body))

    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(bodies())
    def try_one(body: bytes) -> None:
        tally.count(*find_unhandled(readers, body))

    try_one()


def test_every_body_ends_in_a_value_or_a_reason(open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("D4 JSON", seed=SEED)

    drill(tally, READERS, examples=10_000 if is_full_drill else 250)

    assert tally.violations == []


def test_the_drill_notices_the_library_alone(open_tally: OpenTally) -> None:
    tally = open_tally("D4 JSON", seed=SEED, planted="the library alone")

    drill(tally, {"json.loads": json.loads}, examples=50)

    raised = {violation.rpartition(" ")[2] for violation in tally.violations}
    assert {"JSONDecodeError", "RecursionError", "ValueError"} <= raised
