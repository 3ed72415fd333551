"""Why things are as they are: one listing's way, where its values come from, what a run cost."""
