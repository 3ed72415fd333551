"""The client of Elasticsearch, and the server's failures in the core's words."""

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elastic_transport.client_utils import DEFAULT
from elasticsearch import ApiError, Elasticsearch, TransportError

from integrator.errors import IndexUnavailable, InvalidSetting
from search.elastic_address import Server

# A page waits no longer for its results; writing a batch may take a busy server a while.
ASK_S = 5.0
WRITE_S = 60.0

# Other nodes are tried at once, the same one after a moment: a node that died costs no search.
_RETRIES = 3
_CONNECTIONS = 8


def connect(server: Server) -> Elasticsearch:
    """A client; it connects with its first question. Raises InvalidSetting for a CA file that cannot be read."""
    # Its own line a request belongs to no log of ours; what fails is raised.
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)
    return Elasticsearch(
        list(server.nodes),
        basic_auth=server.user,
        api_key=server.api_key,
        connections_per_node=_CONNECTIONS,
        request_timeout=ASK_S,
        max_retries=_RETRIES,
        retry_on_status=(429, 502, 503, 504),
        retry_backoff_base=0.05,
        retry_backoff_cap=1.0,
        ssl_context=DEFAULT if server.ca is None else _trust(server.ca),
    )


def _trust(ca: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise InvalidSetting("HANMARU_SEARCH_CA cannot be read: name a PEM file of certificates") from error


@contextmanager
def as_unavailable() -> Iterator[None]:
    """The server's own failures in the core's word; their text may hold addresses, so it stays in the chain only."""
    try:
        yield
    except ApiError as error:
        raise IndexUnavailable(_words_of(error)) from error
    except (TransportError, ValueError) as error:
        raise IndexUnavailable("the search server does not answer") from error


def _words_of(error: ApiError) -> str:
    if error.status_code in (401, 403) and "security" in str(error.error):
        return "the search server refuses our user: check HANMARU_SEARCH_URL"
    return f"the search server cannot do it now ({error.status_code}, {error.error})"
