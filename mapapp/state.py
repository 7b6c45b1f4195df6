"""What the views share: settings, store, caches, accounts; and the helpers that read a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request

from geodata.accounts import Accounts
from geodata.coverage_cache import CoverageCache
from geodata.jobs import Jobs
from geodata.layer_tiles import SHOWN, LayerTiles
from geodata.store import Store
from geodata.tile_cache import TileCache, TileKey
from layers.errors import BadInput, MissingField

from .config import Config
from .rights import Rights

DEEPEST = 22  # zoom to which tiles are made


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

    def sync(self) -> int:
        """Brings the caches to the last commit."""
        return self.cache.sync()

    def changed(self, step: Mapping[str, Any] | None) -> None:
        """After each step of the coverage cache: tiles that no longer hold are forgotten (None = all)."""
        rev = self.cache.rev
        if step is None:
            self.layer_tiles.forget(None, rev)
            self.tile_cache.clear()
            return
        if step["bounds"] is not None and self.cache.layers:
            any_layer = next(iter(self.cache.layers.values()))
            self.tile_cache.forget("areas", any_layer.touched_tiles(step["bounds"], 0, DEEPEST), rev)
        changed = [name for name in step["layers"] if name in SHOWN]
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


def arguments(*known: str) -> dict[str, str]:
    """The query of the request. Raises BadInput for a name that means nothing here: a typo must not change an answer."""
    unknown = [name for name in request.args if name not in known]
    if unknown:
        raise BadInput(f"unknown parameter: {', '.join(unknown)}; known: {', '.join(known)}")
    return request.args.to_dict()


def number(values: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    """A whole number of the query between 1 and `most`."""
    text = values.get(name)
    if text is None:
        return default
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise BadInput(f"{name}={text}: a whole number from 1 to {most} is needed")
    return int(text)


def bounds_of(text: str | None) -> tuple[float, float, float, float] | None:
    """west,south,east,north of a query."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise BadInput(f"bbox={text}: west,south,east,north in degrees is needed") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadInput(f"bbox={text}: west,south,east,north in degrees is needed")
    return west, south, east, north


def flag(values: Mapping[str, str], name: str) -> bool:
    """true or false of a query."""
    text = values.get(name, "false").lower()
    if text not in ("true", "false", "1", "0"):
        raise BadInput(f"{name}={text}: true or false is needed")
    return text in ("true", "1")


def body(*needed: str) -> dict[str, Any]:
    """The JSON object of the request. Raises BadInput, MissingField."""
    if not request.is_json:
        raise BadInput("a JSON body is needed (Content-Type: application/json)")
    value = request.get_json(silent=True)
    if not isinstance(value, dict):
        raise BadInput("the body is not a JSON object")
    missing = [name for name in needed if value.get(name) in (None, "")]
    if missing:
        raise MissingField(f"the body lacks {', '.join(missing)}", fields=missing)
    return value
