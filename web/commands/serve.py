"""`hanmaru serve`, `worker`, `scheduler`, and `up`, which is all of it."""

import os
import secrets
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from web.config import Settings, for_child
from web.logs import configure_logging

if TYPE_CHECKING:
    from integrator.store.database import Database
    from web.processes import Together

THREADS = 4


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free port.  [default: HANMARU_PORT]")
@click.option("--processes", type=click.IntRange(1, 64), help="[default: one a core, at most 4]")
def serve(*, port: int | None, processes: int | None) -> None:
    """Run the web server."""
    settings = service_settings()
    if port is not None:
        settings = replace(settings, port=port)
    # One key for all server processes, made before they part.
    settings = replace(settings, secret_key=settings.secret_key or secrets.token_urlsafe(32))
    configure_logging()
    open_database(settings).close()
    serve_forever(settings, processes=processes or min(os.cpu_count() or 1, 4))


def serve_forever(settings: Settings, *, processes: int) -> None:
    """Serve the pages and the API with gunicorn; ends this process."""
    from gunicorn.app.base import BaseApplication

    from web.traffic import Traffic

    # Twice as many: while processes are replaced, the old ones still answer.
    traffic = Traffic(rows=2 * processes)

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn carries no types
        def load_config(self) -> None:
            options = {
                "bind": f"[{settings.host}]:{settings.port}"
                if ":" in settings.host
                else f"{settings.host}:{settings.port}",
                "workers": processes,
                "worker_class": "gthread",
                "threads": THREADS,
                "proc_name": "hanmaru",
                "graceful_timeout": 4,
                "timeout": 60,
                "keepalive": 15,
                "loglevel": "warning",
                # Nothing may reconfigure a running server through a socket in somebody's home directory.
                "control_socket_disable": True,
                "when_ready": announce,
                "pre_fork": give_row,
                "post_fork": lambda _, worker: traffic.take_row(worker.traffic_row),
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from web.app import create_app

            return create_app(settings, traffic=traffic)

    Server().run()


def give_row(arbiter: Any, worker: Any) -> None:
    """A row of the counts that no living process has."""
    taken = {each.traffic_row for each in arbiter.WORKERS.values()}
    worker.traffic_row = next(row for row in count() if row not in taken)


def announce(arbiter: Any) -> None:
    """Say where the server listens: a port given as 0 is known only now."""
    for listener in arbiter.LISTENERS:
        click.echo(f"Hanmaru serves on {listener}")
    sys.stdout.flush()


@click.command()
@click.option("--burst", is_flag=True, help="End when nothing is queued any more.")
def worker(*, burst: bool) -> None:
    """Run a worker for queued jobs."""
    from web.broker import open_broker
    from web.jobs import connect
    from web.worker import run_worker

    settings = service_settings()
    configure_logging()
    with open_broker(settings) as url, connect(url) as connection:
        run_worker(connection, burst=burst)


@click.command()
def scheduler() -> None:
    """Queue due feeds, four times a minute."""
    from web.broker import open_broker
    from web.jobs import connect, make_queue, run_scheduler
    from web.wiring import PLATFORMS

    settings = service_settings()
    configure_logging()
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    database = open_database(settings)
    with open_broker(settings) as url, connect(url) as connection:
        ways = {name: PLATFORMS[name].connector for name in settings.feeds}
        run_scheduler(database, make_queue(connection), ways=ways, stop=stop)
    database.close()


@click.command()
def up() -> None:
    """Run web server, scheduler and a worker for each feed together; Ctrl-C ends all of them."""
    from web.broker import open_broker
    from web.processes import Stopped, Together

    settings = service_settings()
    open_database(settings).close()
    with open_broker(settings) as url, Together() as together:
        try:
            start_services(together, settings, broker=url)
            ended = together.wait()
        except Stopped:
            ended = None
    if ended is not None:
        raise click.ClickException(
            f"{ended[0]} ended (exit {ended[1]}), so everything was stopped; see its words above."
        )


def start_services(
    together: "Together", settings: Settings, *, broker: str, overrides: Mapping[str, str] | None = None
) -> None:
    """Web server, scheduler and workers as children; `overrides` are settings by full name."""
    environ = for_child(settings, {"HANMARU_REDIS_URL": broker, **(overrides or {})})
    # A worker for each feed, so that a platform which is slow to fail keeps no other waiting.
    services = {"serve": "serve", "scheduler": "scheduler"}
    services |= {f"worker {number}": "worker" for number in range(1, len(settings.feeds) + 1)}
    for name, command in services.items():
        together.start(name, [sys.executable, "-m", "web", command], environ=environ)


def service_settings() -> Settings:
    """The settings of a process that stays. Raises InvalidSetting where others could use what everybody knows."""
    from web.known_secrets import refuse_known_secrets

    settings = Settings.from_environment()
    refuse_known_secrets(settings)
    return settings


def open_database(settings: Settings) -> "Database":
    """The database, checked to be of this program's age. Raises SchemaMismatch, naming the command that mends it."""
    from integrator.store.database import Database

    database = Database(settings.database_url)
    database.require_schema()
    return database
