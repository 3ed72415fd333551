"""The sub-commands of `hanmaru`, loaded one by one through the table in `web.cli`."""
