"""Products to the index: documents, the outbox's publisher, rebuild and verification."""
