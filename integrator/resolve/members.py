"""What the store gives the matcher of one listing."""

import struct
from zlib import crc32

import msgspec


class RawMember(msgspec.Struct, frozen=True):
    """One live listing as the store has it. `previous` is the product it belongs to now."""

    key: int
    platform: str
    external_id: str
    generation: int
    visible: bool
    seen_at: float
    stale: bool
    content: bytes
    detail: bytes | None = None
    previous: str | None = None
    version: int = 0

    @property
    def ref(self) -> str:
        """As it stands in edges and in the ledger."""
        return f"{self.platform}:{self.external_id}:{self.generation}"

    @property
    def state(self) -> bytes:
        """All that can change of it, but when it was last seen."""
        return struct.pack("<QQ??I", self.key, self.version, self.visible, self.stale, crc32(self.detail or b""))

    @property
    def name(self) -> str:
        """As it stands in judgements, which outlive generations."""
        return f"{self.platform}:{self.external_id}"
