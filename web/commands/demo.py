"""`hanmaru demo`: mock platforms, a sync of all three, and the whole product on top of it."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from web.cli import FAILED, HELD
from web.config import MOCK_PORT, Settings, for_child, mock_address, platform_setting

if TYPE_CHECKING:
    from web.processes import Together

DEFAULT_SIZE = 2000
_READY_WITHIN_S = 60.0

# Says that a folder was filled by the demo, and from a mock world of which size.
_MARK = "demo.json"


@click.command()
@click.option(
    "--size", type=click.IntRange(1, 3_000_000), default=DEFAULT_SIZE, show_default=True, help="Listings per platform."
)
@click.option("--once", is_flag=True, help="End after the sync and one request to the pages.")
def demo(*, size: int, once: bool) -> None:
    """Start the mock platforms, sync all three, and serve the catalogue.

    Everything is written to HANMARU_HOME. Ctrl-C ends every process that was started.
    """
    from web.broker import open_broker
    from web.processes import Stopped, Together

    began = time.monotonic()
    settings = Settings.from_environment()
    home = choose_home(settings.home, size)
    settings = Settings.from_environment(for_child(settings, {"HANMARU_HOME": str(home)}))
    # The broker ends last: the workers say goodbye to it.
    with open_broker(settings) as broker, Together() as together:
        try:
            mock_url = start_mock(together, settings, size)
            overrides = {platform_setting(name, "url"): f"{mock_url}/{name}" for name in settings.feeds}
            overrides["HANMARU_REDIS_URL"] = broker
            run_step(together, "migrate", settings, overrides)
            run_step(together, "sync", settings, overrides, "--all")
            show_all(together, settings, overrides, once=once, began=began)
        except Stopped:
            click.echo("Stopping.", err=True)


def choose_home(home: Path, size: int) -> Path:
    """`home` if it is empty or holds the demo's catalogue of this size, else a folder of the demo's own inside it.

    A catalogue of other platforms, or of a mock world of another size, would lose most of its listings to this one.
    """
    if read_mark(home) not in (size, None) or (read_mark(home) is None and (home / "hanmaru.db").exists()):
        home = home / f"demo-{size}"
    home.mkdir(parents=True, exist_ok=True)
    (home / _MARK).write_text(json.dumps({"size": size}), encoding="ascii")
    return home


def read_mark(home: Path) -> int | None:
    try:
        return int(json.loads((home / _MARK).read_text(encoding="ascii"))["size"])
    except (OSError, ValueError, KeyError):
        return None


def start_mock(together: "Together", settings: Settings, size: int) -> str:
    """The address of the three mock platforms, once they listen."""
    port = MOCK_PORT if is_free("127.0.0.1", MOCK_PORT) else 0
    words = [sys.executable, "-m", "web", "mock", "--no-limits", "--size", str(size), "--port", str(port)]
    mock = together.start("mock", words, environ=for_child(settings, {}), stdout=subprocess.PIPE)
    line = mock.stdout.readline() if mock.stdout else ""
    if not line:
        raise click.ClickException("The mock platforms did not start; see their words above.")
    return str(json.loads(line)["url"])


def run_step(together: "Together", name: str, settings: Settings, overrides: Mapping[str, str], *options: str) -> None:
    """One of our own commands, to its end. A held sync goes on: what was released is there to be seen."""
    together.start(name, [sys.executable, "-m", "web", name, *options], environ=for_child(settings, overrides))
    code = together.finish(name)
    if code == HELD:
        click.echo("Part of a feed waits for a person: see `hanmaru holds`.", err=True)
    elif code != 0:
        click.echo(f"hanmaru {name} did not end well (exit {code}); see its words above.", err=True)
        raise SystemExit(FAILED)


def show_all(
    together: "Together", settings: Settings, overrides: Mapping[str, str], *, once: bool, began: float
) -> None:
    """The services, their addresses, and then either one request or waiting for Ctrl-C."""
    from web.commands.serve import start_services

    port = settings.port if is_free(settings.host, settings.port) else find_free_port(settings.host)
    url = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{port}"
    start_services(
        together, settings, broker=overrides["HANMARU_REDIS_URL"], overrides={**overrides, "HANMARU_PORT": str(port)}
    )
    wait_for_page(together, url)
    print_addresses(settings, overrides, url=url, seconds=time.monotonic() - began)
    if once:
        found = request_search(url)
        click.echo(f"One request to the search page: {found} bytes. Done.")
        return
    ended = together.wait()
    if ended is not None:
        raise click.ClickException(
            f"{ended[0]} ended (exit {ended[1]}), so everything was stopped; see its words above."
        )


def print_addresses(settings: Settings, overrides: Mapping[str, str], *, url: str, seconds: float) -> None:
    """What a person opens, and what another shell needs to reach the same catalogue."""
    needed = [f"HANMARU_HOME={settings.home}"] if settings.home != Path(".data").absolute() else []
    for name in settings.feeds:
        setting = platform_setting(name, "url")
        if overrides[setting] != mock_address(name):
            needed.append(f"{setting}={overrides[setting]}")
    click.echo(f"\nReady after {seconds:.0f} s. Ctrl-C ends everything.\n")
    click.echo(f"  catalogue        {url}/")
    click.echo(f"  feeds' state     {url}/status")
    click.echo(f"  JSON API         {url}/api/v1/search?q=cream")
    click.echo(f"  mock platforms   {overrides['HANMARU_BUYKOREA_URL'].rpartition('/')[0]}")
    click.echo(f"  in another shell {' '.join([*needed, '.venv/bin/hanmaru search cream'])}\n")
    sys.stdout.flush()


def wait_for_page(together: "Together", url: str) -> None:
    """Until the web server answers. Raises Stopped, or ClickException when it does not come up."""
    from web.processes import Stopped

    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline:
        if together.told_to_stop:
            raise Stopped
        try:
            urllib.request.urlopen(f"{url}/", timeout=10).close()  # noqa: S310 - an address of our own
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise click.ClickException(f"The web server does not answer at {url}; see its words above.")


def request_search(url: str) -> int:
    """Bytes of one search page; an answer that is no success ends the demo with exit 1."""
    with urllib.request.urlopen(f"{url}/?q=cream", timeout=30) as answer:  # noqa: S310 - an address of our own
        return len(answer.read())


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with listening(host, port) as listener:
        return listener is not None


def find_free_port(host: str) -> int:
    with listening(host, 0) as listener:
        return int(listener.getsockname()[1]) if listener else 0


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket | None]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        # As web servers do: an address that was in use a moment ago is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(1)
        except OSError:
            yield None
        else:
            yield listener
