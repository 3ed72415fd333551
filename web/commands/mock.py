"""`hanmaru mock` and `hanmaru truth`: the invented platforms, and what is true of their world."""

import sys
from pathlib import Path

import click

_SEED = click.option("--seed", type=int, default=1, show_default=True, help="Another seed is another world.")
_SIZE = click.option(
    "--size", type=click.IntRange(1, 3_000_000), default=2000, show_default=True,
    help="Listings per platform on day 0, hidden and unusable ones included.",
)  # fmt: skip
_DAY = click.option(
    "--day", type=click.IntRange(0, 3650), default=0, show_default=True, help="Days after 14 September 2026."
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free port.")
@_SEED
@_SIZE
@_DAY
@click.option("--no-limits", is_flag=True, help="Lifts quotas, bursts, rates and download counts.")
@click.option(
    "--record", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Keeps answers here and gives them again, fast and unchanged, also after the next start.",
)  # fmt: skip
def mock(*, host: str, port: int, seed: int, size: int, day: int, no_limits: bool, record: Path | None) -> None:
    """Serve the three mock platforms under /buykorea, /gobizkorea and /tradekorea.

    Prints {"url": …} once it listens and ends on Ctrl-C. The world's clock starts at noon of its day, Korean time.
    /faulty/FAULT/PLATFORM/… serves the same with a fault: down, flaky, truncated, token-expiry (tradekorea only),
    empty, shrunk, error-200, poisoned.
    """
    from connectors.mock.server import serve
    from connectors.mock.settings import Settings

    settings = Settings(seed=seed, size=size, day=day, has_limits=not no_limits, record=record)
    try:
        serve(settings, host=host, port=port, out=sys.stdout)
    except OSError as trouble:
        raise click.ClickException(f"cannot listen on {host}:{port}: {trouble.strerror}") from trouble


@click.command()
@_SEED
@_SIZE
@_DAY
def truth(*, seed: int, size: int, day: int) -> None:
    """Print the mock world's truth, one JSON object a line: platform, id, product, company, visible.

    It is what a correct reader knows at noon of the day. Twins share `product`; `company` is the firm behind
    the accounts.
    """
    import msgspec

    from connectors.mock.truth import facts

    encoder = msgspec.json.Encoder()
    for fact in facts(seed, size, day):
        sys.stdout.buffer.write(encoder.encode(fact) + b"\n")
