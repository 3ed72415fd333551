"""Answers made once and then given again from disk: a platform that costs the reader's machine next to nothing.

Recording fixes, for every later reader of the same folder: the platform's clock in `responseTime` and `asOf`, which
rows of a BuyKorea day change places, where tradeKorea's short pages fall, and its cursors, which then never run out.
Sign-in, quotas and limits are still checked on every call, and refusals are never recorded. GobizKOREA's drops lie in
the same folder.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from connectors.mock.message import Response
from connectors.mock.settings import Settings

VERSION = 1
"""Raised when the same world is sent in other bytes."""


class Recorder:
    def __init__(self, folder: Path, settings: Settings) -> None:
        world = {key: value for key, value in asdict(settings).items() if key in ("seed", "size", "day")}
        name = f"seed{settings.seed}-size{settings.size}-day{settings.day}-v{VERSION}"
        self.root = folder / name
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "world.json").write_text(json.dumps(world), encoding="utf-8")

    def answer(self, place: str, key: str, make: Callable[[], Response]) -> Response:
        """The recorded answer of this place and request, else a new one, which is recorded if it may last."""
        digest = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        path = self.root / place / digest[:2] / digest
        try:
            head, _, body = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return self._keep(path, make())
        return Response(200, head.decode(), body)

    @staticmethod
    def _keep(path: Path, response: Response) -> Response:
        if response.is_lasting and response.status == 200:
            path.parent.mkdir(parents=True, exist_ok=True)
            waiting = path.with_name(f"{path.name}.{os.getpid()}")
            waiting.write_bytes(response.content_type.encode() + b"\n" + response.body)
            waiting.replace(path)
        return response
