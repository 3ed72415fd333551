"""GobizKOREA: signed nightly drops and hourly deltas of gzip CSV in CP949 (drop guide 2.1)."""
