"""Figures with floors: what `make bench` measures, as ratios within one run."""
