"""A line between a phone and the server that can be cut, and that can lose answers: a small TCP relay on a port that stays."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

READ = 65536


class Line:
    """Owns a listening port and what goes through it to `target` (a port, may change). Public: cut, mend, deaf, address."""

    def __init__(self, target: int):
        self.target = target
        self.whole = True
        self.deaf_after: bytes | None = None  # a request that holds these bytes goes through, its answer does not
        self.swallowed = 0
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Nothing goes through any more; what is open breaks."""
        self.whole = False
        self._break()

    def mend(self) -> None:
        """Everything goes through again."""
        self.whole, self.deaf_after = True, None

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _break(self) -> None:
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                phone, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(phone,), daemon=True).start()

    def _join(self, phone: socket.socket) -> None:
        if not self.whole:
            phone.close()
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.target), 5)
        except OSError:
            phone.close()
            return
        server.settimeout(None)  # the five seconds are for being let in: an answer may take longer
        self._open |= {phone, server}
        hush = threading.Event()
        back = threading.Thread(target=self._pass, args=(server, phone, hush, None), daemon=True)
        back.start()
        self._pass(phone, server, hush, hush)

    def _pass(self, source: socket.socket, sink: socket.socket, hush: threading.Event, listens: threading.Event | None) -> None:
        """Bytes from one end to the other; `listens` is set when the request is one whose answer gets lost."""
        with suppress(OSError):
            while data := source.recv(READ):
                if listens is not None and self.deaf_after and self.deaf_after in data:
                    listens.set()
                if listens is None and hush.is_set():
                    self.swallowed += 1
                    break
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            self._open.discard(one)
            one.close()


@contextmanager
def line(target: int) -> Iterator[Line]:
    """A line to that port until the block ends."""
    one = Line(target)
    try:
        yield one
    finally:
        one.close()
