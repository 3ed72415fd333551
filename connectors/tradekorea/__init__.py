"""tradeKorea: members-only JSON by cursor, with tombstones (partner API guide 1.2)."""
