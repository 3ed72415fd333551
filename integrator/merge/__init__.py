"""A product as a view over its listings: per field the chosen value, the rule that chose it, what lost."""
