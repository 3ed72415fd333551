"""Pure readers, one matter each: a platform's text in, a value or a state and the issues found out. Never a guess."""
