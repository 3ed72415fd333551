"""Logging for everything that runs as a service: one line an event on stdout, `key=value`, times in UTC."""

import logging
import sys
import traceback
from types import TracebackType


def configure_logging(*, level: int = logging.INFO) -> None:
    """Send structlog's events, and the warnings of libraries, to stdout."""
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(write_trace),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], drop_missing=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="level=%(levelname)s event=%(message)r")


def write_trace(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """The frames of an exception and its causes, without local variables.

    Locals hold credentials and whole records; structlog's own renderer for terminals would print them.
    """
    return "".join(traceback.format_exception(exc_info[1])).rstrip("\n")
