"""Figures with floors: `make bench` measures what the issue and DESIGN section 9 promise, as ratios within one run."""
