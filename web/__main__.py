"""`python -m web` is the `hanmaru` command."""

from web.cli import main

if __name__ == "__main__":
    main()
