"""Reading: areas as values of the tree, rows of any layer as dicts. Every statement runs on both stores."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from sqlalchemy import ARRAY, BigInteger, Connection, and_, any_, exists, false, func, literal, or_, select, true, type_coerce, union_all
from sqlalchemy.sql import ColumnElement

from layers.areas import UNITS_PER_DEGREE, Area, as_multi, to_units
from layers.codes import candidates, next_code
from layers.coverage import Coverage
from layers.errors import NotFound, UnknownArea
from layers.rules import Rules
from layers.schema import AREAS as AREA_LAYER
from layers.schema import LAYERS

from .schema import AREAS, CODES, COUNTERS, HISTORY, META, REVISIONS, TABLES
from .types import Wkb, bbox

if TYPE_CHECKING:
    from .looking import Looks

Kept = TypeVar("Kept")

MOST_KEPT = 2_000  # areas kept once read
NET = 10_000  # units, about 100 m
STRETCH, MOST_STRETCHES = 50_000, 16  # units (about 500 m) of a line looked around at once, at least; so many of them at most
CHUNK = 500  # values in one IN list
_CORE = {"fid", "geom", "code", "name", "level", "parent", "path", "leaf", "assigned", "locked", "version", "rev"}
ATTRIBUTES = tuple(field.name for field in AREA_LAYER.fields if field.name not in _CORE)


class Head(NamedTuple):
    """An area without its shape."""

    fid: int
    code: str
    level: str
    path: str


class Reader:
    """One consistent look at the store. Geometry of rows is in degrees, shapes of areas are in units."""

    def __init__(self, connection: Connection, rules: Rules, looks: Looks | None = None):
        self.connection = connection
        self.rules = rules
        kept = looks.at(self.rev) if looks is not None else None
        # what was read already: an operation asks for the same few areas again and again
        self._kept: dict[int, Area] = {} if kept is None else kept.areas
        self._heads: dict[int, Head] = {} if kept is None else kept.heads
        self._answers: dict[Any, Any] | None = None if kept is None else kept.answers

    def once(self, key: Hashable, read: Callable[[], Kept]) -> Kept:
        """What `read` answers, which nobody may change; in a look that keeps what it reads asked once per revision and key."""
        if self._answers is None:
            return read()
        if key not in self._answers:
            self._answers[key] = read()
        return self._answers[key]

    # ---- counters and meta ---------------------------------------------------------------------------------------
    def counter(self, name: str) -> int:
        """The value of a counter, 0 before its first use."""
        return self.connection.scalar(select(COUNTERS.c.value).where(COUNTERS.c.name == name)) or 0

    @property
    def rev(self) -> int:
        return self.counter("rev")

    @property
    def seq(self) -> int:
        return self.counter("seq")

    def meta(self, key: str, default: Any = None) -> Any:
        """A fact about the store itself."""
        value = self.once(("meta", key), lambda: self.connection.scalar(select(META.c.value).where(META.c.key == key)))
        return default if value is None else value

    # ---- areas ---------------------------------------------------------------------------------------------------
    def area(self, code: str) -> Area:
        """The live area of that code. Raises UnknownArea."""
        found = next((area for area in self._kept.values() if area.code == code), None)
        if found is None:
            found = next(iter(self._areas(AREAS.c.code == code)), None)
        if found is None:
            raise UnknownArea(f"{code}: no such area")
        self._kept[found.fid] = found
        return found

    def areas(self, fids: Iterable[int]) -> dict[int, Area]:
        """Live areas by fid; fids that do not live any more are left out."""
        wanted = set(fids)
        for chunk in chunks(sorted(wanted - self._kept.keys())):
            self._kept |= {area.fid: area for area in self._areas(AREAS.c.fid.in_(chunk))}
            if len(self._kept) > MOST_KEPT:
                return {area.fid: area for part in chunks(sorted(wanted)) for area in self._areas(AREAS.c.fid.in_(part))}
        return {fid: self._kept[fid] for fid in sorted(wanted & self._kept.keys())}

    def heads(self, fids: Iterable[int]) -> dict[int, Head]:
        """Code, level and path of live areas, without their shapes: those high up have borders of megabytes."""
        wanted = set(fids)
        columns = (AREAS.c.fid, AREAS.c.code, AREAS.c.level, AREAS.c.path)
        for chunk in chunks(sorted(wanted - self._heads.keys())):
            self._heads |= {row.fid: Head(*row) for row in self.connection.execute(select(*columns).where(AREAS.c.fid.in_(chunk)))}
        return {fid: self._heads[fid] for fid in wanted if fid in self._heads}

    def forget(self, fid: int | None = None) -> None:
        """What was read is read anew: this area was written, or (None) others are held off from now on."""
        if fid is None:
            self._kept.clear()
            self._heads.clear()
        else:
            self._kept.pop(fid, None)
            self._heads.pop(fid, None)

    def leaves_near(self, *boxes: Sequence[float]) -> list[Area]:
        """Leaves whose envelope meets one of the boxes (west, south, east, north in units), by fid."""
        asked = boxes if self._answers is None else tuple(map(_widened, boxes))  # a line that moves a little asks the same again
        where = [bbox(AREAS, [value / UNITS_PER_DEGREE for value in box]) for box in asked]
        found = self.once(("near", *asked), lambda: self._areas(and_(AREAS.c.leaf.is_(True), or_(*where))))
        if len(self._kept) + len(found) <= MOST_KEPT:
            self._kept |= {area.fid: area for area in found}
        return [area for area in found if any(_meets(area.shape.bounds, *box) for box in boxes)]

    def all_areas(self, *, leaf: bool | None = None) -> list[Area]:
        """Every live area, by fid."""
        return self._areas(true() if leaf is None else AREAS.c.leaf.is_(leaf))

    def all_packed(self, size: int = 20_000) -> Iterator[tuple[list[Area], list[bytes]]]:
        """Every live area by fid, `size` at a time: without their shapes, and these as WKB in degrees."""
        columns = [type_coerce(column, Wkb()).label("wkb") if column.name == "geom" else column for column in AREAS.c]
        for rows in self.connection.execute(select(*columns).order_by(AREAS.c.fid)).partitions(size):
            yield [area_of(row) for row in rows], [row.wkb for row in rows]

    def subtree(self, path: str, *, leaf: bool | None = None) -> list[Area]:
        """The area of that path and everything below it."""
        where = self.under(path)
        return self._areas(where if leaf is None else and_(where, AREAS.c.leaf.is_(leaf)))

    def under(self, path: str) -> ColumnElement:
        """A condition on areas: the one of that path and everything below it, by the index of paths."""
        if self.connection.dialect.name == "sqlite":  # LIKE ignores case there, so it reads every row: 30 ms of 330,000
            return and_(AREAS.c.path >= path, AREAS.c.path < path[:-1] + "0")  # "0" is the character after "/"
        return AREAS.c.path.like(path + "%")

    def children(self, fid: int | None) -> list[Area]:
        """Direct children, roots for None."""
        return self._areas(AREAS.c.parent.is_(None) if fid is None else AREAS.c.parent == fid)

    def coverage(self) -> Coverage:
        """The leaves as the redraw operations want them, read when asked for."""
        return _StoreCoverage(self)

    def code_used(self, code: str) -> bool:
        """True when the code is or was in use."""
        return self.once(("code", code), lambda: self.connection.scalar(select(CODES.c.fid).where(CODES.c.code == code)) is not None)

    def codes_used(self, codes: Iterable[str]) -> set[str]:
        """Those of the codes that are or were in use."""
        return {code for chunk in chunks(codes) for code in self.connection.execute(
            select(CODES.c.code).where(CODES.c.code.in_(chunk))).scalars()}

    def new_codes(self, asked: Sequence[tuple[str, str | None, str | None]], given: Iterable[str] = ()) -> list[str]:
        """The next unused code for each (level, code of a sibling, or None for the first child, code of the parent), in the
        store's profile; those `given` are used too. Raises BadCode."""
        profile, found, taken = self.meta("codes", "free"), [], set(given)
        each = max(4, min(50, CHUNK // max(len(asked), 1)))
        looked = {code for one in set(asked) for code in islice(candidates(profile, self.rules, *one), each)}
        used = self.once(("codes", *sorted(looked)), lambda: self.codes_used(looked))
        for one in asked:
            found.append(next_code(profile, self.rules, *one, lambda code: code in taken or (
                code in used if code in looked else self.code_used(code))))
            taken.add(found[-1])
        return found

    def _areas(self, where: ColumnElement) -> list[Area]:
        return [area_of(row) for row in self.connection.execute(select(AREAS).where(where).order_by(AREAS.c.fid))]

    # ---- rows of any layer ---------------------------------------------------------------------------------------
    def rows(self, layer: str, where: ColumnElement | None = None, *, fids: Iterable[int] | None = None,
             bounds: Sequence[float] | None = None, scope: Sequence[str] | None = None, after: int | None = None,
             limit: int | None = None, geometry: bool = True) -> list[dict[str, Any]]:
        """Rows of a layer in the order of fid, as dicts; `geom` in degrees. `scope` keeps rows whose owner lies under
        one of the paths (None = everywhere); `after` and `limit` page by key."""
        return list(self.each(layer, where, fids=fids, bounds=bounds, scope=scope, after=after, limit=limit,
                              geometry=geometry))

    def each(self, layer: str, where: ColumnElement | None = None, *, fids: Iterable[int] | None = None,
             bounds: Sequence[float] | None = None, scope: Sequence[str] | None = None, after: int | None = None,
             limit: int | None = None, geometry: bool = True) -> Iterator[dict[str, Any]]:
        """The same, one row at a time."""
        table = TABLES[layer]
        columns = [column for column in table.c if geometry or column.name != "geom"]
        for chunk in ([None] if fids is None else chunks(fids)):
            statement = select(*columns).order_by(table.c.fid)
            if chunk is not None:
                statement = statement.where(table.c.fid.in_(chunk))
            if where is not None:
                statement = statement.where(where)
            if bounds is not None:
                statement = statement.where(bbox(table, bounds))
            if scope is not None:
                statement = statement.where(self.in_scope(layer, scope))
            if after is not None:
                statement = statement.where(table.c.fid > after)
            if limit is not None:
                statement = statement.limit(limit)
            for row in self.connection.execute(statement):
                yield dict(row._mapping)

    def row(self, layer: str, fid: int, *, scope: Sequence[str] | None = None) -> dict[str, Any]:
        """One row. Raises NotFound, also when it lies outside the scope."""
        found = self.rows(layer, fids=[fid], scope=scope)
        if not found:
            raise NotFound(f"{layer} {fid}: no such object")
        return found[0]

    def in_scope(self, layer: str, scope: Sequence[str]) -> ColumnElement:
        """The one filter that keeps an account inside its areas: a condition on rows of `layer`."""
        described = LAYERS[layer]
        if described.public:
            return true()
        paths = or_(*[self.under(path) for path in scope]) if scope else false()
        if layer == "areas":
            return paths
        table = TABLES[layer]
        if layer == "cells":
            shares = TABLES["shares"]
            return table.c.fid.in_(select(shares.c.cell).join(AREAS, AREAS.c.fid == shares.c.area).where(paths))
        return table.c.area.in_(select(AREAS.c.fid).where(paths))

    def layers_at(self, layers: Iterable[str], areas: Iterable[int]) -> list[str]:
        """Those of the layers that have rows owned by one of these areas: one question instead of one per layer."""
        fids = sorted(areas)
        asked = [select(literal(layer)).where(exists().where(TABLES[layer].c.area.in_(fids))) for layer in layers]
        found = set(self.connection.execute(union_all(*asked)).scalars()) if fids else set()
        return [layer for layer in layers if layer in found]

    def count(self, layer: str, where: ColumnElement | None = None) -> int:
        """Rows of a layer."""
        statement = select(func.count()).select_from(TABLES[layer])
        return self.connection.scalar(statement if where is None else statement.where(where))

    # ---- history -------------------------------------------------------------------------------------------------
    def revision(self, rev: int) -> dict[str, Any]:
        """One revision with its operation as drawn. Raises NotFound."""
        row = self.connection.execute(select(REVISIONS).where(REVISIONS.c.rev == rev)).first()
        if row is None:
            raise NotFound(f"edit {rev}: no such edit")
        return dict(row._mapping)

    def revisions_since(self, rev: int) -> list[dict[str, Any]]:
        """Revisions after `rev`, oldest first."""
        statement = select(REVISIONS).where(REVISIONS.c.rev > rev).order_by(REVISIONS.c.rev)
        return [dict(row._mapping) for row in self.connection.execute(statement)]

    def before_images(self, rev: int) -> list[dict[str, Any]]:
        """What revision `rev` replaced: history rows with layer, fid, version, geom and row."""
        statement = select(HISTORY).where(HISTORY.c.rev_to == rev).order_by(HISTORY.c.hid)
        return [dict(row._mapping) for row in self.connection.execute(statement)]


class _StoreCoverage(Coverage):
    """The leaves of one transaction, kept once read."""

    def __init__(self, reader: Reader):
        super().__init__(())
        self._reader = reader

    def get(self, fid: int) -> Area:
        found = self._reader.areas([fid])
        if fid not in found:
            raise UnknownArea(f"area {fid} does not exist any more")
        return found[fid]

    def near(self, bounds: Sequence[float]) -> list[Area]:
        return self._reader.leaves_near(bounds)

    def along(self, xy: np.ndarray, reach: float = 0) -> list[Area]:
        return self._reader.leaves_near(*_stretches(xy, reach))


def area_of(row) -> Area:
    """An area from its row."""
    values = row._mapping
    shape = values.get("geom")
    return Area(
        values["fid"], values["code"], values["name"], values["level"], values["parent"], values["path"],
        bool(values["leaf"]), None if shape is None else as_multi(to_units(shape)), bool(values["assigned"]),
        bool(values["locked"]), values["version"], values["rev"], {name: values[name] for name in ATTRIBUTES})


def among(reader: Reader, column: ColumnElement, numbers: Iterable[int]) -> ColumnElement:
    """A condition: the column holds one of these. Thousands go as one parameter; a list of thousands of parameters takes as
    long to write as their rows to read."""
    held = list(numbers)
    if reader.connection.dialect.name == "sqlite":
        return column.in_(select(func.json_each(f"[{','.join(map(str, held))}]").table_valued("value").c.value))
    return column == any_(literal(held, ARRAY(BigInteger)))  # an array: from a text PostgreSQL would guess the plan


def ancestors(path: str) -> list[int]:
    """Fids above an area, the root first."""
    return [int(part) for part in path.strip("/").split("/")[:-1]]


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """Lists of at most `size`."""
    values = list(values)
    for start in range(0, len(values), size):
        yield values[start:start + size]


def _widened(bounds: Sequence[float]) -> tuple[int, ...]:
    """The bounds on whole steps of a net, which hold them."""
    west, south, east, north = bounds
    return (*(math.floor(low / NET) * NET for low in (west, south)), *(math.ceil(high / NET) * NET for high in (east, north)))


def _stretches(xy: np.ndarray, reach: float) -> list[tuple[float, ...]]:
    """Boxes that hold a line ((n, 2) units) and what is within `reach` of it. A long one goes in stretches: the box around
    all of it would hold a hundred times the ground it crosses."""
    at = np.r_[0.0, np.hypot(*np.diff(xy, axis=0).T).cumsum()]
    ends = np.linspace(0, at[-1], int(min(MOST_STRETCHES, max(1, at[-1] // STRETCH))) + 1)
    boxes = []
    for start, end in zip(ends[:-1], ends[1:], strict=True):
        places = np.r_[start, at[(at > start) & (at < end)], end]
        x, y = (np.interp(places, at, values) for values in xy.T.astype(float))
        boxes.append((x.min() - reach, y.min() - reach, x.max() + reach, y.max() + reach))
    return boxes


def _meets(own: tuple[float, ...], west: float, south: float, east: float, north: float) -> bool:
    return own[2] >= west and own[0] <= east and own[3] >= south and own[1] <= north


