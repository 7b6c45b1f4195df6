"""What the views share: settings, store, caches, accounts; who asks and what they may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, g

from geodata.accounts import Account, Accounts
from geodata.coverage_cache import DEEPEST, CoverageCache
from geodata.ground import Ground
from geodata.inbox import Inbox
from geodata.jobs import Jobs
from geodata.layer_tiles import LayerTiles, shown_of
from geodata.previewing import Previewer
from geodata.status_sums import StatusSums
from geodata.store import Store
from geodata.tile_cache import TileCache, TileKey

from .config import Config
from .hub import Hub
from .rights import Rights, rights_of

ACCOUNTS = 2000  # whose rights are kept in memory


@dataclass(slots=True)
class State:
    """One per process."""

    config: Config
    store: Store
    cache: CoverageCache
    accounts: Accounts
    layer_tiles: LayerTiles
    tile_cache: TileCache
    jobs: Jobs
    admit: Callable[[str, float, Any, int, str], None] = lambda *_: None  # tells the lane of tiles whom the gate let in
    previews: Previewer | None = None  # None: computed where they are asked for
    beside: list[Any] = field(default_factory=list)  # what else is closed with it
    live: Hub = field(init=False)  # who watches, and what they are told
    inbox: Inbox = field(init=False)  # reports on their way to the disk
    status: StatusSums = field(init=False)  # and what they say together
    _rights: dict[Account, tuple[int, Rights]] = field(default_factory=dict)  # with the revision they were found at

    def __post_init__(self) -> None:
        self.live = Hub(self)
        ground = Ground(self.cache)
        self.inbox, self.status = Inbox(self.store, ground), StatusSums(self.store, ground)

    def close(self) -> None:
        """Ends running work and lets go of both files, so that nothing but them is left."""
        self.live.close()
        for one in self.beside:
            one.close()
        if self.previews is not None:
            self.previews.close()
        self.jobs.close()
        self.accounts.close()
        self.store.close()

    def sync(self) -> int:
        """Brings the caches to the last commit."""
        return self.cache.sync()

    def rights_of(self, account: Account) -> Rights:
        """What the account may do now: found anew when the map or the account changed."""
        rev = self.sync()
        known = self._rights.get(account)
        if known is None or known[0] != rev:
            known = rev, rights_of(account, self.cache, self.cache.lineage.now)
            if len(self._rights) > ACCOUNTS:
                self._rights.clear()
            self._rights[account] = known
        return known[1]

    def changed(self, step: Mapping[str, Any] | None, rev: int) -> None:
        """At each step of the coverage cache to revision `rev`: tiles that hold no more are forgotten (None = all)."""
        if step is None:
            self.layer_tiles.forget(None, rev)
            self.tile_cache.clear()
            return
        if step["bounds"] is not None and self.cache.layers:
            any_layer = next(iter(self.cache.layers.values()))
            self.tile_cache.forget("areas", any_layer.touched_tiles(step["bounds"], 0, DEEPEST), rev)
        changed = shown_of([*step["layers"], *(["areas"] if step["bounds"] is not None else [])])
        self.layer_tiles.forget(changed, rev)
        for name in changed:
            self.tile_cache.forget(name, None, rev)

    def draw(self, key: TileKey, scope: tuple[str, ...] | None) -> tuple[bytes, int]:
        """The bytes of a tile and the revision they were read at."""
        rev = self.cache.rev
        if key.layer != "areas":
            return self.layer_tiles.layer(key.layer, scope).tile(key.z, key.x, key.y), rev
        source = self.cache.layers.get(key.level)
        return (b"" if source is None else source.tile(key.z, key.x, key.y)), rev


def state() -> State:
    """The state of this process."""
    return current_app.extensions["weige"]


def rights() -> Rights:
    """What the asking account may do."""
    return g.rights


def actor() -> str:
    """The name of the asking account, for revisions and the audit trail."""
    return g.account.name
