"""The servers for work by hand: `python -m tests.servers [plain | secured | cluster]`, until Ctrl-C.

Settings for a shell or an environment file go to stdout, everything else to stderr.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from tests.servers.elastic import have_elasticsearch, have_secure_elasticsearch
from tests.servers.elastic_cluster import cluster_of
from tests.servers.postgres import have_postgres
from tests.servers.redis_server import have_redis
from tests.servers.run import Missing, Run

Settings = dict[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description="Servers for work by hand.")
    parser.add_argument("search", nargs="?", choices=SEARCH, default="plain", help="the kind of Elasticsearch")
    chosen = parser.parse_args().search
    awaited = {signal.SIGINT, signal.SIGTERM}
    run = Run.of_this_process()
    with ExitStack() as stack:
        stack.callback(run.end)
        for name, value in find_settings(run, chosen, stack):
            sys.stdout.write(f"{name}={value}\n")
            sys.stdout.flush()
        sys.stderr.write("".join(f"{note.line()}\n" for note in run.notes()) + "Ctrl-C ends them.\n")
        signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
        signal.sigwait(awaited)
    return 0


def find_settings(run: Run, search: str, stack: ExitStack) -> Iterator[tuple[str, str]]:
    """Start one server after the other; one that cannot be had is only missing."""
    for start in (_start_database, _start_broker, SEARCH[search]):
        try:
            yield from start(run, stack).items()
        except Missing as reason:
            sys.stderr.write(f"{reason}\n")


def _start_database(run: Run, stack: ExitStack) -> Settings:
    return {"HANMARU_DATABASE_URL": stack.enter_context(have_postgres(run).database())}


def _start_broker(run: Run, stack: ExitStack) -> Settings:
    return {"HANMARU_REDIS_URL": stack.enter_context(have_redis(run).database())}


def _start_plain(run: Run, stack: ExitStack) -> Settings:
    return {"HANMARU_SEARCH_URL": have_elasticsearch(run).url}


def _start_secured(run: Run, stack: ExitStack) -> Settings:
    server = have_secure_elasticsearch(run)
    return {"HANMARU_SEARCH_URL": server.url, "HANMARU_SEARCH_CA": server.ca or ""}


def _start_cluster(run: Run, stack: ExitStack) -> Settings:
    return {"HANMARU_SEARCH_URL": stack.enter_context(cluster_of(run)).server.url}


SEARCH: dict[str, Callable[[Run, ExitStack], Settings]] = {
    "plain": _start_plain,
    "secured": _start_secured,
    "cluster": _start_cluster,
}

if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # while they start
        sys.exit(130)
