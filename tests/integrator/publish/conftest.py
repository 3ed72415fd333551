"""The small catalogue of `tests.fakes.shop`."""

from tests.fakes.shop import lend_shop, shop

__all__ = ["lend_shop", "shop"]
