"""The areas of now as reports need them: by fid and code, and where the ground of an earlier area lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from .coverage_cache import CoverageCache
from .lineage import Lineage
from .rows import Reader, ancestors
from .schema import HISTORY
from .tree import Node


class Ground:
    """A view of the coverage in memory; owns nothing. Public: sync, nodes, codes, lineage, nodes_of, common."""

    def __init__(self, cache: CoverageCache):
        self.cache = cache

    @property
    def nodes(self) -> Mapping[int, Node]:
        """Living areas by fid."""
        return self.cache.nodes

    @property
    def codes(self) -> Mapping[str, int]:
        """Fids of living areas by code."""
        return self.cache.codes

    @property
    def lineage(self) -> Lineage:
        """What became of areas."""
        return self.cache.lineage.now

    def sync(self, reader: Reader) -> None:
        """Brings areas and lineage to what the reader sees, or later."""
        self.cache.sync()
        self.cache.lineage.at(reader)

    def nodes_of(self, fid: int, since: int, reader: Reader | None = None) -> list[Node]:
        """The areas that hold now what the area held at revision `since`; itself while nothing was cut off it. Where
        nothing says what became of it (its own cut was undone), the reader tells the area that was above it."""
        nodes = self.nodes
        found = [nodes[heir] for heir in sorted(self.lineage.now(fid, since, nodes)) if heir in nodes]
        if found or reader is None:
            return found
        statement = select(HISTORY.c.row).where(HISTORY.c.layer == "areas", HISTORY.c.fid == fid).order_by(HISTORY.c.hid.desc())
        row = reader.connection.scalar(statement.limit(1))
        above = reversed(ancestors(row["path"])) if row else ()
        return next(([nodes[one]] for one in above if one in nodes), [])

    def common(self, nodes: Iterable[Node]) -> Node:
        """The nearest area that holds all of these: of one, itself."""
        paths = [node.path.strip("/").split("/") for node in nodes]
        shared = [steps[0] for steps in zip(*paths, strict=False) if len(set(steps)) == 1]
        return self.nodes[int(shared[-1])]
