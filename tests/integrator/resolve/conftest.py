"""The small catalogue of `tests.fakes.shop`."""

from tests.fakes.shop import empty_database, open_shop, shop

__all__ = ["empty_database", "open_shop", "shop"]
