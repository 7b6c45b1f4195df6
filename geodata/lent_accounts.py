"""Signing in to a store that can only be read: a standby database, a file on a disk without leave to write.

Accounts, rights and tokens are read from the store, again whenever they change there. Sessions, wrong tries and lines of the
audit trail cannot be kept there: they live in a copy in a temporary folder, for as long as this process, and the lines also
go to the log.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from .account_tables import ACCOUNTS, GRANTS, SECRETS, TOKENS
from .accounts import Accounts
from .engine import accounts_path, connect_accounts, gpkg_path, gpkg_url, is_writable
from .reasons import reasons
from .store import Store
from .watch import Watch

LENT = (ACCOUNTS, GRANTS, TOKENS, SECRETS)
log = logging.getLogger("weige.audit")


def must_be_lent(store: Store) -> bool:
    """True when the accounts of the store cannot be written."""
    path = gpkg_path(store.url)
    if path is None:
        return store.mode().reason == "storage"
    return accounts_path(path).exists() and not is_writable(accounts_path(path))


class LentAccounts(Accounts):
    """Owns the copy. Public: what Accounts has."""

    def __init__(self, url: str, **rules: Any):
        self._folder = tempfile.TemporaryDirectory(prefix="weige-accounts-")
        super().__init__(gpkg_url(Path(self._folder.name) / "lent.gpkg"), **rules)
        self._source, self._source_url, self._reading = connect_accounts(url), url, threading.Lock()
        self._source_watch, self._source_seen = Watch(self._source), object()
        self._renew()

    def state(self) -> Hashable:
        """As of Accounts, after a look at the original."""
        self._renew()
        return super().state()

    def log(self, action: str, result: str, **more: Any) -> None:
        """One line of the audit trail, here and in the log, without names."""
        log.info("audit %s %s", action, result)
        super().log(action, result, **more)

    def close(self) -> None:
        """Lets go of both."""
        self._source_watch.close()
        self._source.dispose()
        super().close()
        self._folder.cleanup()

    def _renew(self) -> None:
        with self._reading, reasons(self._source_url):
            now = self._source_watch.state()
            if now == self._source_seen:
                return
            with self._source.connect() as source, source.begin(), self.write() as copy:
                _copy(source, copy)
            self._source_seen = now


def _copy(source: Connection, copy: Connection) -> None:
    for table in LENT:
        rows = [dict(row._mapping) for row in source.execute(select(table))]
        copy.execute(table.delete())
        if rows:
            copy.execute(insert(table), rows)
