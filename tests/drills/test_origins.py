"""Reliability C4: credentials go to one origin only. Redirects of every kind, and a second host that must hear nothing.

Each platform's own connector calls, with its own kind of sign-in: a key in the query, a signature, a token and a
client's password.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import requests

from connectors import CONNECTORS, Access, Platform
from connectors.http import Transport
from integrator.errors import FeedChanged, FeedUnavailable
from integrator.record import Lane, Plan
from integrator.store.spool import DiskSpool
from tests.drills.scripted import Host, answer
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 0  # nothing here is random
STATUSES = ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect")
LOOP_S = 1.0

Target = Callable[[Host, Host], str]

# Where an answer sends us: `home` is the platform's own host, `canary` the one that must hear nothing.
TARGETS: Mapping[str, Target] = {
    "another port": lambda home, canary: f"{canary.url}/v1/list",
    "another host": lambda home, canary: f"http://localhost:{canary.port}/v1/list",
    "another host with a sign-in": lambda home, canary: f"http://user:word@127.0.0.1:{canary.port}/",
    "ours as a sign-in of another": lambda home, canary: f"http://127.0.0.1:{home.port}@127.0.0.1:{canary.port}/",
    "without a scheme": lambda home, canary: f"//127.0.0.1:{canary.port}/v1/list",
    "with backslashes": lambda home, canary: f"http:\\\\127.0.0.1:{canary.port}\\",
    "itself, for ever": lambda home, canary: "/again",
    "nowhere": lambda home, canary: "",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One redirect; `first` names the call that is answered with it, by how its path begins."""

    platform: Platform
    status: str
    target: str
    headers: tuple[str, ...] = ()


def cases() -> Iterator[Case]:
    for platform, status, target in product(CONNECTORS, STATUSES, TARGETS):
        yield Case(platform, status, target)
    # Not only redirects name other addresses.
    for platform in CONNECTORS:
        yield Case(platform, "200 OK", "another port", ("Refresh: 0; url={}",))
        yield Case(platform, "200 OK", "another port", ("Link: <{}>; rel=canonical",))
        yield Case(platform, "401 Unauthorized", "another port", ('WWW-Authenticate: Basic realm="{}"',))
        yield Case(platform, "407 Proxy Authentication Required", "another port", ('Proxy-Authenticate: Basic x="{}"',))
        yield Case(platform, "302 Found", "another port", ("Set-Cookie: key=1; Domain=127.0.0.1", "Location: {}"))


def make_reply(case: Case, home: Host, canary: Host) -> Callable[[bytes], Iterable[bytes]]:
    target = TARGETS[case.target](home, canary)
    headers = case.headers or ("Location: {}",)
    told = answer(b"{}", *(header.replace("{}", target) for header in headers), status=case.status)
    token = answer(b'{"access_token":"once","token_type":"Bearer","expires_in":1800,"scope":"member"}')

    def reply(head: bytes) -> Iterable[bytes]:
        # Every other case of tradeKorea meets its redirect behind the token.
        signs_in = head.startswith(b"POST /oauth/token") and case.status in STATUSES[::2]
        return [token if signs_in else told]

    return reply


def follow(case: Case, folder: Path) -> Iterator[str]:
    """One walk into one redirect: what it gave away."""
    with Host().serving() as home, Host(lambda _: [answer(b"{}")]).serving() as canary:
        home.reply = make_reply(case, home, canary)
        access = Access(home.url, {each.name: each.test_value for each in case.platform.credentials})
        connector = case.platform.open(access, clock=FakeClock(), spool=DiskSpool(folder))
        began = perf_counter()
        name = f"{case.platform.name}, {case.status} to {case.target}"
        try:
            list(connector.fetch(Plan(Lane.CENSUS)))
            yield f"{name}: the walk went through"
        except (FeedChanged, FeedUnavailable):
            pass
        if canary.asked:
            yield f"{name}: the second host heard {canary.asked[0][:60]!r}"
        if any(b"/again" in asked.split(b"\r\n")[0] for asked in home.asked):
            yield f"{name}: it was followed on its own host"
        if perf_counter() - began > LOOP_S:
            yield f"{name}: over after {perf_counter() - began:.1f} s"


def drill(tally: Tally, tried: Iterable[Case], folder: Path) -> None:
    for case in tried:
        tally.count(*follow(case, folder))


def test_credentials_go_to_one_origin_only(tmp_path: Path, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("C4 origins", seed=SEED)
    every = list(cases())

    drill(tally, every if is_full_drill else every[::3], tmp_path)

    assert tally.trials == (135 if is_full_drill else 45)
    assert tally.violations == []


def test_the_drill_notices_redirects_that_are_followed(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Transport, "_send", follow_redirects(Transport._send))
    tally = open_tally("C4 origins", seed=SEED, planted="redirects are followed")

    drill(tally, list(cases())[::3], tmp_path)

    assert len(tally.violations) > 5


def follow_redirects(send: Any) -> Any:
    """The library's own way with a redirect, which keeps a key in the query and every header but Authorization."""

    def following(self: Transport, call: Any) -> requests.Response:
        response: requests.Response = send(self, call)
        for each in self._session.resolve_redirects(response, response.request, stream=True):
            response = each
        return response

    return following


def test_an_encrypted_origin_is_not_left_for_an_open_one(open_tally: OpenTally, tmp_path: Path) -> None:
    tally = open_tally("C4 downgrade", seed=SEED)

    for platform, status in product(CONNECTORS, STATUSES):
        tally.count(*downgrade(platform, status, tmp_path))

    assert tally.violations == []


def test_the_drill_notices_a_downgrade(open_tally: OpenTally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transport, "_send", follow_redirects(Transport._send))
    tally = open_tally("C4 downgrade", seed=SEED, planted="redirects are followed")

    for platform in CONNECTORS:
        tally.count(*downgrade(platform, STATUSES[0], tmp_path))

    assert tally.violations


def downgrade(platform: Platform, status: str, folder: Path) -> Iterator[str]:
    """A platform behind https whose answer names an http address. Its line is bare here; its address is not."""
    with Host(lambda _: [answer(b"{}")]).serving() as canary, Host().serving() as home:
        home.reply = lambda _: [answer(b"{}", f"Location: {canary.url}/", status=status)]
        access = Access("https://feed.example", {each.name: each.test_value for each in platform.credentials})
        with bare_line(home):
            try:
                list(platform.open(access, clock=FakeClock(), spool=DiskSpool(folder)).fetch(Plan(Lane.CENSUS)))
                yield f"{platform.name}, {status}: the walk went through"
            except (FeedChanged, FeedUnavailable):
                pass
        if not home.asked:
            yield f"{platform.name}, {status}: its own host was never asked"
        if canary.asked:
            yield f"{platform.name}, {status}: the open host heard {canary.asked[0][:60]!r}"


@contextmanager
def bare_line(home: Host) -> Iterator[None]:
    """https://feed.example leads to this host, without encryption."""
    get = requests.adapters.HTTPAdapter.send

    def send(self: Any, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if str(request.url).startswith("https://feed.example"):
            request = request.copy()
            request.url = home.url + str(request.url).removeprefix("https://feed.example")
        return get(self, request, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.adapters.HTTPAdapter, "send", send)
        yield
