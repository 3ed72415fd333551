"""BuyKorea (KOTRA): read page by page, by the partner guide 1.4."""
