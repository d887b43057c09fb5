"""TcpProxy: a line that can be cut, between two programs that do not know.

    proxy = await TcpProxy(port, target_port).start()
    proxy.cut()		# every connection is reset
    proxy.is_closed = True	# ... and new ones are, too
    proxy.stall()	# what the first program writes is read no more
    proxy.go_on()
"""

import asyncio
import time


class TcpProxy:
    def __init__(self, port, target):
        self.port, self.target = port, target
        self.is_closed = False
        self.accepted, self.cuts = [], []	# times
        self._going = asyncio.Event()
        self._going.set()
        self._writers = set()
        self._tasks = set()
        self._server = None

    async def start(self):
        self._server = await asyncio.start_server(
            self._on_client, "127.0.0.1", self.port)
        return self

    async def close(self):
        self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await self._server.wait_closed()

    def cut(self):
        self.cuts.append(time.monotonic())
        for writer in list(self._writers):
            writer.transport.abort()

    def stall(self):
        self._going.clear()

    def go_on(self):
        self._going.set()

    async def _pass(self, reader, writer, may_stall=False):
        try:
            while True:
                if may_stall:
                    await self._going.wait()
                data = await reader.read(65536)
                if not data:
                    break
                writer.write(data)
                await writer.drain()
        except (ConnectionError, OSError):
            pass
        finally:
            writer.close()

    async def _on_client(self, reader, writer):
        self.accepted.append(time.monotonic())
        self._tasks.add(asyncio.current_task())
        if self.is_closed:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(
                "127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        mine = {writer, far_writer}
        self._writers |= mine
        try:
            await asyncio.gather(self._pass(reader, far_writer, True),
                                 self._pass(far_reader, writer))
        except asyncio.CancelledError:
            pass
        finally:
            self._writers -= mine
            self._tasks.discard(asyncio.current_task())
            for w in mine:
                w.close()
