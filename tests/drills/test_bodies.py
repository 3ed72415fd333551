"""Reliability C5: "200 OK" proves nothing. Bodies that are no answer, in place of any answer of a census.

The run says that it broke, and what buyers see stays to the last byte. Twenty-two bodies are no platform's; the others
are made out of the platform's own answers: its rows, its envelope, its bytes, its answer to another question.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.drills.stage import DONE, PLATFORMS, Stage, compare, read_facts
from tests.drills.tally import OpenTally, Tally

SEED = 0  # nothing here is random

LOGIN = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action='/login'></form></body></html>"
XHTML = b'<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body>Log in</body></html>'
SOAP = b'<soap:Envelope xmlns:soap="http://x.example/"><soap:Body><soap:Fault/></soap:Body></soap:Envelope>'
RSS = b'<?xml version="1.0"?><rss version="2.0"><channel><title>Notices</title></channel></rss>'
GATEWAY = (
    b"<OpenAPI_ServiceResponse><cmmMsgHeader><returnReasonCode>01</returnReasonCode></cmmMsgHeader>"
    b"</OpenAPI_ServiceResponse>"
)

# No answer of any platform, whatever was asked.
FOREIGN: dict[str, bytes] = {
    "empty": b"",
    "blanks": b" \r\n\t ",
    "login page": LOGIN,
    "login page as XHTML": XHTML,
    "maintenance notice": "시스템 점검 중입니다. 잠시 후 다시 시도하세요.".encode(),
    "the same in CP949": "시스템 점검 중입니다.".encode("cp949"),
    "null": b"null",
    "true": b"true",
    "zero": b"0",
    "a text": b'"OK"',
    "a list": b"[]",
    "an object": b"{}",
    "error as text": b'{"error":"temporarily unavailable"}',
    "error as object": b'{"error":{"code":"E500","message":"oops"}}',
    "error of a framework": b'{"timestamp":"2026-09-14T03:00:00Z","status":500,"error":"Internal Server Error"}',
    "errors as list": b'{"data":null,"errors":[{"message":"timeout"}]}',
    "SOAP fault": SOAP,
    "RSS": RSS,
    "gateway error": GATEWAY,
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "NUL bytes": bytes(512),
    "packed login page": gzip.compress(LOGIN, mtime=0),
}

# True answers from which nothing wrong follows: BuyKorea's first row is there to see among a hundred, and a list of
# sellers may be empty, for sellers do not end by their absence. The run may succeed; nothing may change.
HARMLESS = {
    (
        "GET /v1/goodsList?type=json&pageNo=1&numOfRows=1",
        "answer to GET /v1/goodsList?type=json&pageNo=1&numOfRows=100",
    ),
    ("GET /v1/suppliers?limit=50", "answer to GET /v1/tombstones"),
}
# Other questions tried as answers to one.
MOST_OTHERS = 5

Shape = Callable[[Any], Any]


def around(value: Any, change: Shape) -> Any:
    """The answer with its rows (the longest list or table in it) changed."""
    if isinstance(value, dict) and value:
        for name in ("response", "body", "items", "item", "drops", "tables"):
            if name in value:
                inside = around(value[name], change) if name in ("response", "body") else change(value[name])
                return {**value, name: inside}
    return change(value)


def rename(value: Any) -> Any:
    """Every key of the envelope is another."""
    return {f"x_{name}": inner for name, inner in value.items()} if isinstance(value, dict) else value


# The platform's own answer, its rows or its whole turned into what they never are.
SHAPED: dict[str, Shape] = {
    "rows null": lambda answer: around(answer, lambda _: None),
    "rows a text": lambda answer: around(answer, lambda _: "none"),
    "rows a number": lambda answer: around(answer, lambda _: 7),
    "rows true": lambda answer: around(answer, lambda _: True),
    "rows of texts": lambda answer: around(answer, lambda _: ["a", "b"]),
    "rows of lists": lambda answer: around(answer, lambda _: [[], []]),
    "rows by number": lambda answer: around(answer, lambda rows: {"0": rows}),
    "names renamed": rename,
    "in a list": lambda answer: [answer],
    "in another envelope": lambda answer: {"result": answer},
    "as a text": lambda answer: json.dumps(answer, ensure_ascii=False),
}
RAW: dict[str, Callable[[bytes], bytes]] = {
    "twice": lambda body: body + body,
    "halved": lambda body: body[: len(body) // 2],
    "in UTF-16": lambda body: body.decode("utf-8", "replace").encode("utf-16"),
    "marked": lambda body: b"\xef\xbb\xbf" + body,
    "as a call": lambda body: b"callback(" + body + b");",
    "packed unasked": lambda body: gzip.compress(body, mtime=0),
}


def bodies(own: bytes, others: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Every body that may not pass for `own`; `others` are the platform's true answers to other questions."""
    yield from FOREIGN.items()
    yield from ((f"answer to {question}", body) for question, body in others.items() if body != own)
    for name, spoil in RAW.items():
        yield name, spoil(own)
    try:
        answer = json.loads(own)
    except ValueError:
        return
    for name, shape in SHAPED.items():
        yield name, json.dumps(shape(answer), ensure_ascii=False).encode()


def find_faults(stage: Stage, question: str, body: bytes, *, may_succeed: bool = False) -> list[str]:
    """What is wrong after a census in which this question is answered so."""
    stage.server.spoilt = {question: body}
    with stage.trial() as database:
        try:
            outcome = stage.sync(database)
        finally:
            stage.server.spoilt = {}
        wrong = ["the run succeeded"] if outcome.state == DONE and not may_succeed else []
        wrong += [] if len(outcome.reason.split()) > 2 else [f"it says only {outcome.reason!r}"]
        wrong += compare(stage.facts, read_facts(database))
    return wrong


def other_questions(stage: Stage, question: str) -> list[str]:
    """The nearest ones: a platform of many files would be asked for hours."""
    place = stage.questions.index(question)
    near = sorted(stage.questions, key=lambda other: abs(stage.questions.index(other) - place))
    return near[1 : 1 + MOST_OTHERS]


def drill(tally: Tally, stage: Stage, questions: list[str], *, is_tried: Callable[[int, str], bool]) -> None:
    for question in questions:
        others = {other: stage.body_of(other) for other in other_questions(stage, question)}
        for number, (name, body) in enumerate(bodies(stage.body_of(question), others)):
            if is_tried(number, name):
                harmless = any(question == asked and name.startswith(given) for asked, given in HARMLESS)
                wrong = find_faults(stage, question, body, may_succeed=harmless)
                tally.count(*(f"{stage.platform}, {question}, {name}: {each}" for each in wrong))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_body_passes_for_an_answer(
    platform: str, tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally(f"C5 bodies, {platform}", seed=SEED)

    with Stage.playing(platform, tmp_path) as stage:
        longest = max(stage.questions, key=lambda question: len(stage.body_of(question)))
        questions = stage.questions if is_full_drill else [longest]
        drill(tally, stage, questions, is_tried=lambda number, _: is_full_drill or number % 3 == 0)

    assert tally.trials >= (30 * len(questions) if is_full_drill else 10)
    assert tally.violations == []


def test_the_same_answers_unspoilt_are_believed(tmp_path: Path) -> None:
    """Else a reader that refuses everything would pass the drill."""
    with Stage.playing("tradekorea", tmp_path) as stage:
        (wrong,) = find_faults(stage, stage.questions[-1], stage.body_of(stage.questions[-1]))[:1]

    assert wrong == "the run succeeded"


def test_the_drill_notices_that_any_list_passes_for_another(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.tradekorea.walk._is_foreign", lambda *_: False)
    tally = open_tally("C5 bodies, tradekorea", seed=SEED, planted="any list passes for another")

    with Stage.playing("tradekorea", tmp_path) as stage:
        lists = [question for question in stage.questions if "/v1/" in question]
        drill(tally, stage, lists, is_tried=lambda _, name: name.startswith(("answer to", "rows of")))

    assert len(tally.violations) > 5
