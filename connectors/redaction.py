"""Secrets stay out of exceptions and logs."""

import base64
import logging
from collections.abc import Sequence
from typing import Final, TypeVar
from urllib.parse import quote, quote_plus, unquote

from integrator.errors import HanmaruError

E = TypeVar("E", bound=HanmaruError)


class Redaction:
    """Blackens secrets, in every spelling they take on a wire, in a text or an exception."""

    def __init__(self, secrets: Sequence[str]) -> None:
        spellings = {form for secret in secrets for form in _spellings(secret)}
        # Longest first, so that no half of a secret is left standing beside the black.
        self._spellings = sorted(spellings, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text with every secret replaced."""
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        return text

    def scrub(self, error: E) -> E:
        """The same exception, its texts blackened and the exceptions behind it let go (they may hold whole bodies)."""
        error.args = tuple(self.text(value) if isinstance(value, str) else value for value in error.args)
        error.__cause__ = error.__context__ = None
        return error


def _spellings(secret: str) -> set[str]:
    plain = {secret, unquote(secret)}
    encoded = {form for text in plain for form in (quote(text, safe=""), quote(text), quote_plus(text))}
    packed = {base64.b64encode(text.encode()).decode() for text in plain}
    # Shorter ones would black out ordinary words.
    return {form for form in plain | encoded | packed if len(form) >= 4}


class HideQueries(logging.Filter):
    """Cuts the query, where keys stand, from every address that urllib3 logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without_query(value) for value in record.args)
        return True


HIDE_QUERIES: Final = HideQueries()


def _without_query(value: object) -> object:
    return value.partition("?")[0] if isinstance(value, str) else value
