"""A mock that listens in this process, on a thread of its own.

The loop is used in that thread alone: a test that ran before may have left one running in ours, as a browser's driver
does.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connectors.mock.message import Response
from connectors.mock.server import Connection


@contextmanager
def listening(handle: Callable[..., Response]) -> Iterator[str]:
    """The address at which `handle` answers."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="mock")
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(_listen(handle), loop).result()
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            loop.call_soon_threadsafe(server.close)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(handle: Callable[..., Response]) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(lambda: Connection(handle), "127.0.0.1", 0)
