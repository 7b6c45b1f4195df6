"""Who may give an area another parent: the right is held over both parents, also when a transfer is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from geodata.rows import Reader
from layers.errors import Forbidden

from .areas import visible
from .state import rights, state


def require_transfer(parent: str, codes: Iterable[str]) -> None:
    """Raises Forbidden unless the right is held over this parent and over that of each area, UnknownArea."""
    _require([visible(parent), *(_above(visible(code)) for code in codes)])


def require_back(reader: Reader, rev: int) -> None:
    """The same for undo: over the parents that areas had before that edit and have now."""
    nodes, met = state().cache.nodes, set()
    for image in reader.before_images(rev):
        live = nodes.get(image["fid"]) if image["layer"] == "areas" else None
        if live is not None and image["row"]["parent"] != live.parent:
            met |= {live.parent, image["row"]["parent"]}
    _require([nodes[fid] for fid in sorted(met - {None}) if fid in nodes])


def _above(node: Any) -> Any:
    """The parent, the area itself at the top."""
    return state().cache.nodes.get(node.parent, node) if node.parent is not None else node


def _require(nodes: Iterable[Any]) -> None:
    own = rights()
    for node in nodes:
        if not own.may("transfer", node.path):
            raise Forbidden("giving an area another parent takes the right over both parents", action="transfer",
                            area=node.code if own.may("see", node.path) else None)
