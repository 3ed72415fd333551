"""The small catalogue of `tests.fakes.shop`."""

from tests.fakes.shop import open_shop, shop

__all__ = ["open_shop", "shop"]
