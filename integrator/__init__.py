"""The core: one record's way from kept bytes to a published product. Speaks to its own database only."""
