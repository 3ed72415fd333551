"""Saying no to bytes."""

from typing import NoReturn

from integrator.errors import BytesRefused
from integrator.issues import NOT_WELL_FORMED


def refuse(reason: str, *, code: str = NOT_WELL_FORMED) -> NoReturn:
    """Raise BytesRefused for this reason."""
    raise BytesRefused(reason, code=code)
