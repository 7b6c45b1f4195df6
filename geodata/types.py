"""Two column types that hide where geometry lives: a GeoPackage blob or a PostGIS geometry; and the bbox predicate."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence

import shapely
from sqlalchemy import Double, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import functions
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NULLTYPE, TypeDecorator, UserDefinedType

SRID = 4490
_HEADER = struct.Struct("<2sBBi4d")  # GeoPackage: magic, version, flags (little endian, xy envelope), srs, envelope
_EMPTY = struct.Struct("<2sBBi")


def to_blob(shape: shapely.Geometry, srid: int = SRID) -> bytes:
    """A geometry in degrees as GeoPackage binary with its envelope."""
    return to_blob_of(shapely.to_wkb(shape, byte_order=1), shape.is_empty, shape.bounds, srid)


def to_blob_of(wkb: bytes, is_empty: bool, bounds: Sequence[float], srid: int = SRID) -> bytes:
    """The same of WKB whose bounds (west, south, east, north) are known."""
    if is_empty:
        return _EMPTY.pack(b"GP", 0, 0b10001, srid) + wkb
    west, south, east, north = bounds
    return _HEADER.pack(b"GP", 0, 3, srid, west, east, south, north) + wkb


def from_blob(blob: bytes) -> shapely.Geometry:
    """The geometry of a GeoPackage binary."""
    return shapely.from_wkb(wkb_of(blob))


def wkb_of(blob: bytes) -> bytes:
    """The WKB inside a GeoPackage binary."""
    size = (0, 32, 48, 48, 64)[(blob[3] >> 1) & 7]
    return blob[8 + size:]


class Geom(UserDefinedType):
    """shapely geometry in degrees <-> GeoPackage blob or PostGIS geometry, EPSG:4490."""

    cache_ok = True

    def __init__(self, kind: str = "Geometry"):
        self.kind = kind

    def get_col_spec(self, **_):
        return f"geometry({self.kind}, {SRID})"

    def bind_processor(self, dialect):
        if dialect.name == "sqlite":
            return lambda shape: None if shape is None else to_blob(shape)
        return lambda shape: None if shape is None else shapely.to_wkb(shape, byte_order=1)

    def bind_expression(self, bindvalue):
        return _GeomIn(bindvalue, type_=self)

    def column_expression(self, column):
        return _GeomOut(column, type_=self)

    def result_processor(self, dialect, coltype):
        if dialect.name == "sqlite":
            return lambda blob: None if blob is None else from_blob(blob)
        return lambda wkb: None if wkb is None else shapely.from_wkb(bytes(wkb))


class Wkb(Geom):
    """The same column as WKB in degrees: for reading many shapes at once (`type_coerce(column, Wkb())`)."""

    cache_ok = True

    def result_processor(self, dialect, coltype):
        if dialect.name == "sqlite":
            return lambda blob: None if blob is None else wkb_of(blob)
        return lambda wkb: None if wkb is None else bytes(wkb)


class _GeomIn(functions.GenericFunction):
    inherit_cache = True
    name = "weige_geom_in"


class _GeomOut(functions.GenericFunction):
    inherit_cache = True
    name = "weige_geom_out"


@compiles(_GeomIn, "sqlite")
@compiles(_GeomOut, "sqlite")
def _as_is(element, compiler, **kw):
    return compiler.process(element.clauses.clauses[0], **kw)


@compiles(_GeomIn, "postgresql")
def _from_wkb(element, compiler, **kw):
    return f"ST_GeomFromWKB({compiler.process(element.clauses.clauses[0], **kw)}, {SRID})"


@compiles(_GeomOut, "postgresql")
def _as_binary(element, compiler, **kw):
    return f"ST_AsBinary({compiler.process(element.clauses.clauses[0], **kw)})"


@compiles(Geom, "sqlite")
def _blob(type_, compiler, **kw):
    return type_.kind.upper()  # the GeoPackage type name; the affinity is BLOB for none of them, values stay blobs


class Json(TypeDecorator):
    """A small mapping or list kept as text: the same bytes in both stores."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    def process_result_value(self, value, dialect):
        return None if value is None else json.loads(value)


class bbox(FunctionElement):  # noqa: N801  reads as a function in statements: where(bbox(table, bounds))
    """True for rows whose envelope meets `bounds` (west, south, east, north), by the spatial index.

    Its type is NULLTYPE on purpose: as Boolean, SQLAlchemy writes `... IN (...) = 1` on SQLite and the R-tree is no
    longer used (measured: 515 ms instead of 74). The bounds are parameters, so that a statement is compiled once.
    """

    inherit_cache = True
    type = NULLTYPE

    def __init__(self, table, bounds):
        super().__init__(table.c.geom, *(literal(float(value), Double) for value in bounds))


@compiles(bbox, "sqlite")
def _rtree(element, compiler, **kw):
    geom, *bounds = element.clauses
    name = geom.table.name
    west, south, east, north = (compiler.process(value, **kw) for value in bounds)
    return (f"{name}.fid IN (SELECT id FROM rtree_{name}_geom WHERE maxx >= {west} AND minx <= {east}"
            f" AND maxy >= {south} AND miny <= {north})")


@compiles(bbox, "postgresql")
def _gist(element, compiler, **kw):
    geom, *bounds = element.clauses
    west, south, east, north = (compiler.process(value, **kw) for value in bounds)
    return f"{geom.table.name}.geom && ST_MakeEnvelope({west}, {south}, {east}, {north}, {SRID})"
