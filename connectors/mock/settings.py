"""Which world the mock serves, and how."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    seed: int = 1
    size: int = 2000
    day: int = 0
    has_limits: bool = True
    record: Path | None = None
