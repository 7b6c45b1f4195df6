"""Libraries that are loaded when they are first used: a server that reads no spreadsheet today need not wait for one."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module until something of it is asked for. Any thread may be the first."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def later(name: str) -> Any:
    """The module of that name, loaded at its first use. Not for what a file needs while it is itself loaded."""
    return Later(name)
