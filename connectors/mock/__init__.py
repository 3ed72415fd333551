"""The three mock platforms: one seeded world behind three feeds, written from the feed guides alone.

Nothing here is shared with the connectors it tests, so that a misreading of a guide shows as a difference.
"""
