"""What several threads ask for at once is made once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Owns what is being made, guarded by the lock of the cache it belongs to."""

    def __init__(self, lock: threading.Lock):
        self._lock = lock
        self._making: dict[K, Future[V]] = {}

    def fetch(self, key: K, held: Callable[[], V | None], make: Callable[[], V]) -> V:
        """What is `held` (asked under the lock), else what `make` gives, without the lock; whoever asks for the same key
        meanwhile waits for it and gets the same, or the same error."""
        with self._lock:
            found = held()
            if found is not None:
                return found
            making = self._making.get(key)
            mine = making is None
            if mine:
                making = self._making[key] = Future()
        if not mine:
            return making.result()
        try:
            making.set_result(make())
        except BaseException as error:
            making.set_exception(error)
            raise
        finally:
            with self._lock:
                if self._making.get(key) is making:
                    del self._making[key]
        return making.result()

    def leave(self, out_of_date: Callable[[K], bool]) -> None:
        """Whoever waits for one of these still gets it; whoever asks from now on does not. The lock is held by the caller."""
        for key in [key for key in self._making if out_of_date(key)]:
            del self._making[key]
