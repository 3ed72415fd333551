"""A real browser in front of the real server. Without one these tests are skipped, under CI=true they fail."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.fakes.catalogue import Shelf, stocked
from web.app import create_app

VENDOR = Path(__file__).parents[2] / "web/static/vendor/htmx.min.js"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# As root there is no sandbox, and containers give little shared memory.
_OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, by CHROME_PATH or from the PATH."""
    program = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("no browser: install chromium, or set CHROME_PATH")
    if not VENDOR.exists():
        pytest.skip("no front-end packages: run `make assets`")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the pages are served, on a free port."""
    shelf: Shelf = stocked(tmp_path_factory.mktemp("catalogue"))
    server = make_server("127.0.0.1", 0, create_app(shelf.wiring.settings, wiring=shelf.wiring), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    shelf.wiring.close()


@dataclass
class Visit:
    """A window on the site and what its console complained of."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    """Open a window: `visit(width=1280, height=800, scripts=True)`. Its console must stay silent to the end."""
    opened: list[Visit] = []

    def open_window(*, width: int = 1280, height: int = 800, scripts: bool = True) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=scripts)
        context.set_default_timeout(10_000)
        made = Visit(context.new_page(), address)
        made.page.on("console", lambda told: made.complaints.append(told.text) if told.type == "error" else None)
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        opened.append(made)
        return made

    yield open_window
    for made in opened:
        complaints = made.complaints
        made.page.context.close()
        assert not complaints


@pytest.fixture(scope="session")
def gallery() -> Path:
    """Where screenshots go."""
    folder = Path(__file__).parents[1] / "out" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
