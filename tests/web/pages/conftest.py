"""The application on a small catalogue, and a way to look at its pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fakes.catalogue import Shelf, stocked
from web.app import create_app


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Read by all, changed by none."""
    made = stocked(tmp_path_factory.mktemp("catalogue"))
    yield made
    made.wiring.close()


@pytest.fixture(scope="session")
def app(shelf: Shelf) -> Flask:
    return create_app(shelf.wiring.settings, wiring=shelf.wiring)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def own_shelf(tmp_path: Path) -> Iterator[Shelf]:
    """An empty catalogue of a test's own."""
    made = Shelf(tmp_path)
    yield made
    made.wiring.close()
