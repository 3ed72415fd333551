"""A platform that answers from a recording, and the recorder.

    python -m tests.contract.connectors.replay PLATFORM UPSTREAM

walks a running platform (`hanmaru mock --size 40 --no-limits`, or any server built from its guide; UPSTREAM ends in the
platform's path) through a census with accounts, asks for two details and one listing that is gone, and writes
`tests/golden/walks/PLATFORM.json`. From then on the contract suite covers that platform.
"""

import argparse
import base64
import json
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors import CONNECTORS, Access
from integrator.ports import Connector
from integrator.record import Ask, Batch, End, Kind, Lane, Plan, Record
from integrator.store.spool import DiskSpool

WALKS = Path(__file__).parents[2] / "golden" / "walks"
# Secrets and signatures are not part of the question.
_LEFT_OUT = ("serviceKey=", "ServiceKey=")
_KEPT_HEADERS = ("Content-Type", "Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
# The guides' own test credentials; they open test servers only.
TEST_CREDENTIALS = {
    platform.name: {credential.name: credential.test_value for credential in platform.credentials}
    for platform in CONNECTORS
}


class SteadyClock:
    """Begins at the recording's time; only sleeping moves it on, and costs nothing."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class Reply:
    """One recorded answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def to_json(self) -> dict[str, Any]:
        try:
            body = {"text": self.body.decode("utf-8")}
        except UnicodeDecodeError:
            body = {"base64": base64.b64encode(self.body).decode("ascii")}
        return {"status": self.status, "headers": dict(self.headers), **body}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Reply":
        body = found["text"].encode("utf-8") if "text" in found else base64.b64decode(found["base64"])
        return cls(found["status"], found["headers"], body)


@dataclass(slots=True)
class Recording:
    """What a platform answered, question by question."""

    now: datetime
    credentials: dict[str, str]
    path: str  # the platform's base path, which signatures cover
    gone: str | None
    replies: dict[str, Reply] = field(default_factory=dict)

    @classmethod
    def load(cls, platform: str) -> "Recording":
        found = json.loads((WALKS / f"{platform}.json").read_text("utf-8"))
        replies = {question: Reply.from_json(reply) for question, reply in found["replies"].items()}
        now = datetime.fromisoformat(found["now"])
        return cls(now, found["credentials"], found["path"], found["gone"], replies)

    def save(self, platform: str) -> None:
        found = {
            "now": self.now.isoformat(),
            "credentials": self.credentials,
            "path": self.path,
            "gone": self.gone,
            "replies": {question: reply.to_json() for question, reply in self.replies.items()},
        }
        WALKS.mkdir(parents=True, exist_ok=True)
        text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
        (WALKS / f"{platform}.json").write_text(text, "utf-8")


class ReplayServer:
    """Gives the recorded answers; `spoil` changes the answer to one question, `upstream` records what is missing."""

    def __init__(self, recording: Recording, *, upstream: str | None = None) -> None:
        self.recording = recording
        self.upstream = upstream
        self.asked: list[str] = []
        self.spoilt: dict[str, bytes] = {}
        self.url = ""

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        question = _question(method, path.removeprefix(self.recording.path))
        self.asked.append(question)
        if question not in self.recording.replies and self.upstream:
            self.recording.replies[question] = self._forward(method, path, headers, body)
        reply = self.recording.replies.get(question)
        if reply is None:
            return Reply(404, {"Content-Type": "text/plain"}, b"not in the recording: " + question.encode())
        return Reply(reply.status, reply.headers, self.spoilt.get(question, reply.body))

    def _forward(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        sent = {name: value for name, value in headers.items() if name not in ("Host", "Content-Length")}
        url = str(self.upstream) + path.removeprefix(self.recording.path)
        found = requests.request(method, url, headers={**sent, "Accept-Encoding": "identity"}, data=body, timeout=30)
        kept = {name: found.headers[name] for name in _KEPT_HEADERS if name in found.headers}
        return Reply(found.status_code, kept, found.content)

    @contextmanager
    def serving(self) -> Iterator["ReplayServer"]:
        """Listen on a free port until the block ends."""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                reply = owner.answer(self.command, self.path, dict(self.headers), body)
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = reply  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}{self.recording.path}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _question(method: str, path: str) -> str:
    path, _, query = path.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith(_LEFT_OUT)]
    return f"{method} {path}" + (f"?{'&'.join(kept)}" if kept else "")


def open_connector(platform: str, url: str, recording: Recording, folder: Path) -> Connector:
    """The platform's connector at this address, with the recording's credentials and clock."""
    (found,) = (entry for entry in CONNECTORS if entry.name == platform)
    access = Access(url, recording.credentials)
    return found.open(access, clock=SteadyClock(recording.now), spool=DiskSpool(folder))


def walk(connector: Connector, plan: Plan) -> tuple[list[Batch], End]:
    """All batches of a walk and its end."""
    found = list(connector.fetch(plan))
    batches = [part for part in found if isinstance(part, Batch)]
    (end,) = (part for part in found if isinstance(part, End))
    assert found[-1] is end
    return batches, end


def records_of(batches: list[Batch]) -> list[Record]:
    """The records of all batches in order."""
    return [record for batch in batches for record in batch.records]


def detail_asks(records: list[Record], gone: str | None) -> tuple[Ask, ...]:
    """What the recording holds answers for in the detail lane."""
    known = [record.external_id for record in records if record.kind is Kind.LISTING and record.external_id][:2]
    return tuple(Ask(Kind.DETAIL, number) for number in (*known, *([gone] if gone else [])))


def record_walk(platform: str, upstream: str, gone: str | None) -> None:
    """Walk the platform at `upstream` and write down what it answers."""
    recording = Recording(datetime.now(UTC), TEST_CREDENTIALS[platform], urlsplit(upstream).path, gone)
    server = ReplayServer(recording, upstream=upstream)
    with server.serving(), tempfile.TemporaryDirectory() as folder:
        connector = open_connector(platform, server.url, recording, Path(folder))
        batches, end = walk(connector, Plan(Lane.CENSUS))
        walk(connector, Plan(Lane.CHANGES, watermark=end.watermark))
        walk(connector, Plan(Lane.DETAIL, asks=detail_asks(records_of(batches), gone)))
    recording.save(platform)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Record a platform's answers for the contract suite.")
    parser.add_argument("platform")
    parser.add_argument("upstream", help="base address, ending in the platform's path")
    parser.add_argument("--gone", help="the id of a listing that has left the platform")
    chosen = parser.parse_args()
    record_walk(chosen.platform, chosen.upstream, chosen.gone)
