"""The first schema: layers, history, journal; GeoPackage tables, R-tree triggers and writer guards on SQLite."""

from __future__ import annotations

from pyproj import CRS
from sqlalchemy import Connection, text

from geodata.schema import SPATIAL, TABLES, metadata
from geodata.types import SRID
from layers.schema import LAYERS

_GPKG = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
  scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))
"""

# GeoPackage 1.3, annex F.3 (RTree Spatial Indexes): trigger names and conditions as the standard writes them.
_RTREE = """
CREATE VIRTUAL TABLE rtree_{t}_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_{t}_geom_insert AFTER INSERT ON {t} WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_{t}_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_{t}_geom_update1 AFTER UPDATE OF geom ON {t} WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_{t}_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_{t}_geom_update2 AFTER UPDATE OF geom ON {t} WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_{t}_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_{t}_geom_update3 AFTER UPDATE ON {t} WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_{t}_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_{t}_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_{t}_geom_update4 AFTER UPDATE ON {t} WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_{t}_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_{t}_geom_delete AFTER DELETE ON {t} WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_{t}_geom WHERE id = OLD.fid; END
"""
_STATEMENT = ";\n"
_TRIGGERS = ";\nCREATE "


def apply(connection: Connection, dialect: str) -> None:
    """Creates everything; on SQLite as a valid GeoPackage 1.3 that others may read and only we may write."""
    if dialect == "postgresql":
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    else:
        for statement in _GPKG.split(_STATEMENT):
            connection.exec_driver_sql(statement)
    metadata.create_all(connection)
    if dialect == "postgresql":
        for name in SPATIAL:
            connection.execute(text(f"CREATE INDEX {name}_geom ON {name} USING gist (geom)"))
        return
    _describe(connection)
    for name in SPATIAL:
        for statement in _RTREE.format(t=name).split(_TRIGGERS):
            connection.exec_driver_sql("CREATE " + statement.strip().removeprefix("CREATE "))


def _describe(connection: Connection) -> None:
    rows = [("Undefined Cartesian SRS", -1, "NONE", -1, "undefined"), ("Undefined geographic SRS", 0, "NONE", 0, "undefined")]
    rows += [(CRS(code).name, code, "EPSG", code, CRS(code).to_wkt("WKT1_GDAL")) for code in (4326, SRID)]
    for row in rows:
        connection.exec_driver_sql("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)", row)
    for name, layer in LAYERS.items():  # history, journal and counters are nobody else's business
        kind = "features" if name in SPATIAL else "attributes"
        connection.exec_driver_sql("INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?, ?, ?, ?)",
                                   (name, kind, f"{name} {layer.zh}", SRID if kind == "features" else 0))
        if kind == "features":
            connection.exec_driver_sql("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)",
                                       (name, TABLES[name].c.geom.type.kind.upper(), SRID))
            connection.exec_driver_sql(
                "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', "
                "'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')", (name,))
    connection.exec_driver_sql("PRAGMA application_id = 1196444487")  # GPKG
    connection.exec_driver_sql("PRAGMA user_version = 10300")  # 1.3: GDAL 3.6 warns at 1.4
