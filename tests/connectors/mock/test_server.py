"""The mock as a process of its own, over real HTTP."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests
from click.testing import CliRunner

from web.commands.mock import truth

KEY = quote("Zx8/Qm+4Lr2TyVb9+NcKd0WsGh6/JfPe3UaXo1iRt5Ek7vCyMbBzSlHgOq+AnDuIwFj/1Y==", safe="")


@contextmanager
def running(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-c", "from web.commands.mock import mock; mock()", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"], process
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running("--size", "300", "--no-limits") as (address, _):
        yield address


def test_it_prints_its_address_and_ends_on_sigterm():
    with running("--size", "50") as (address, process):
        assert requests.get(f"{address}/buykorea/v1/goodsList", timeout=10).status_code == 200
        process.terminate()

        assert process.wait(5) == 0


def test_a_connection_is_kept_for_many_calls(url):
    with requests.Session() as session:
        for page in range(1, 4):
            answer = session.get(f"{url}/buykorea/v1/goodsList?serviceKey={KEY}&pageNo={page}", timeout=10)
            assert answer.headers["Content-Type"] == "application/xml;charset=UTF-8"
            assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_a_request_in_pieces_and_two_at_once_are_answered_in_order(url):
    call = f"GET /buykorea/v1/goodsDetail?serviceKey={KEY} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    last = f"GET /buykorea/v1/nothing?serviceKey={KEY} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    where = urlsplit(url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as connection:
        connection.sendall(call[:30])
        connection.sendall(call[30:] + last)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece

    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.index(b">11<") < answer.index(b">12<")


def test_a_body_is_read_and_answered(url):
    form = {"grant_type": "client_credentials", "scope": "member"}
    answer = requests.post(
        f"{url}/tradekorea/oauth/token", form, auth=("tkc-test-member", "mS3-9fQ2xV7bL1kT"), timeout=10
    )

    assert answer.json()["scope"] == "member"


def test_a_truncated_body_ends_before_its_stated_length(url):
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"{url}/faulty/truncated/buykorea/v1/goodsList?serviceKey={KEY}", timeout=10)


def test_a_platform_that_is_down_closes_the_connection(url):
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"{url}/faulty/down/buykorea/v1/goodsList", timeout=10)


def test_nonsense_is_a_bad_request(url):
    where = urlsplit(url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as connection:
        connection.sendall(b"HELLO\r\n\r\n")

        assert connection.recv(100).startswith(b"HTTP/1.1 400 Bad Request")


def test_truth_is_one_json_object_a_line():
    result = CliRunner().invoke(truth, ["--size", "30", "--day", "1"])
    lines = [json.loads(line) for line in result.output.splitlines()]

    assert result.exit_code == 0
    assert {tuple(line) for line in lines} == {("platform", "id", "product", "company", "visible")}
    assert {line["platform"] for line in lines} == {"buykorea", "gobizkorea", "tradekorea"}


def peak_of(pid):
    """The most memory a process has held, in kB: its own, and not that of whoever started it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


@pytest.mark.slow
def test_a_million_listings_a_platform_start_within_ten_seconds_and_500_mb():
    before = time.monotonic()
    with running("--size", "1000000", "--no-limits") as (url, process):
        started = time.monotonic() - before
        for page in (1, 5000):
            answer = requests.get(
                f"{url}/buykorea/v1/goodsList?serviceKey={KEY}&numOfRows=100&pageNo={page}", timeout=30
            )
            assert answer.content.count(b"<item>") == 100
        form = {"grant_type": "client_credentials", "scope": "member"}
        token = requests.post(
            f"{url}/tradekorea/oauth/token", form, auth=("tkc-test-member", "mS3-9fQ2xV7bL1kT"), timeout=10
        )
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        assert (
            len(requests.get(f"{url}/tradekorea/v1/products?limit=50", headers=bearer, timeout=30).json()["items"])
            == 50
        )
        peak_kb = peak_of(process.pid)

    assert started < 10
    assert peak_kb < 500_000


def test_a_slow_body_comes_whole_in_its_own_time(url):
    began = time.monotonic()
    with requests.Session() as session:
        answers = [session.get(f"{url}/faulty/slow/buykorea/v1/nothing", timeout=10) for _ in range(2)]

    assert [b"<returnReasonCode>12<" in answer.content for answer in answers] == [True, True]
    assert time.monotonic() - began > 1.5
