PRAGMA application_id = 1196444487;
PRAGMA user_version = 10300;
CREATE TABLE weige_schema (number INTEGER PRIMARY KEY, name TEXT NOT NULL);
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
  scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE areas (
	fid INTEGER NOT NULL, 
	geom MULTIPOLYGON, 
	parent INTEGER, 
	path TEXT NOT NULL, 
	leaf BOOLEAN NOT NULL, 
	assigned BOOLEAN NOT NULL, 
	code TEXT, 
	name TEXT, 
	level TEXT, 
	kind TEXT, 
	locked BOOLEAN, 
	uninhabited BOOLEAN, 
	norm_min INTEGER, 
	norm_max INTEGER, 
	declared_households INTEGER, 
	declared_population INTEGER, 
	leader TEXT, 
	phone TEXT, 
	note TEXT, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX areas_rev ON areas (rev);
CREATE UNIQUE INDEX areas_code ON areas (code);
CREATE INDEX areas_parent ON areas (parent);
CREATE INDEX areas_path ON areas (path);
CREATE TABLE estates (
	fid INTEGER NOT NULL, 
	geom MULTIPOLYGON, 
	code TEXT, 
	name TEXT, 
	kind TEXT, 
	walled BOOLEAN, 
	property_company TEXT, 
	property_phone TEXT, 
	committee_phone TEXT, 
	owners_phone TEXT, 
	note TEXT, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX estates_area ON estates (area);
CREATE INDEX estates_rev ON estates (rev);
CREATE TABLE barriers (
	fid INTEGER NOT NULL, 
	geom MULTILINESTRING, 
	kind TEXT, 
	estate INTEGER, 
	note TEXT, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX barriers_area ON barriers (area);
CREATE INDEX barriers_rev ON barriers (rev);
CREATE TABLE gates (
	fid INTEGER NOT NULL, 
	geom POINT, 
	name TEXT, 
	kind TEXT, 
	state TEXT, 
	width_m DOUBLE, 
	key_holder TEXT, 
	phone TEXT, 
	estate INTEGER, 
	note TEXT, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX gates_area ON gates (area);
CREATE INDEX gates_rev ON gates (rev);
CREATE TABLE addresses (
	fid INTEGER NOT NULL, 
	geom POINT, 
	text TEXT, 
	aliases TEXT, 
	initials TEXT, 
	building INTEGER, 
	unit INTEGER, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX addresses_area ON addresses (area);
CREATE INDEX addresses_rev ON addresses (rev);
CREATE TABLE places (
	fid INTEGER NOT NULL, 
	geom GEOMETRY, 
	code TEXT, 
	name TEXT, 
	kind TEXT, 
	capacity INTEGER, 
	people_day INTEGER, 
	people_night INTEGER, 
	firms INTEGER, 
	state TEXT, 
	contact TEXT, 
	phone TEXT, 
	note TEXT, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX places_rev ON places (rev);
CREATE INDEX places_area ON places (area);
CREATE TABLE buildings (
	fid INTEGER NOT NULL, 
	geom MULTIPOLYGON, 
	code TEXT, 
	name TEXT, 
	kind TEXT, 
	estate INTEGER, 
	floors INTEGER, 
	households INTEGER, 
	resident INTEGER, 
	registered INTEGER, 
	tenant INTEGER, 
	collective INTEGER, 
	special TEXT, 
	source TEXT, 
	counted_at TEXT, 
	note TEXT, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX buildings_rev ON buildings (rev);
CREATE INDEX buildings_area ON buildings (area);
CREATE TABLE units (
	fid INTEGER NOT NULL, 
	geom POINT, 
	code TEXT, 
	name TEXT, 
	building INTEGER, 
	households INTEGER, 
	resident INTEGER, 
	registered INTEGER, 
	tenant INTEGER, 
	collective INTEGER, 
	special TEXT, 
	source TEXT, 
	counted_at TEXT, 
	head TEXT, 
	phone TEXT, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX units_building ON units (building);
CREATE INDEX units_rev ON units (rev);
CREATE INDEX units_area ON units (area);
CREATE TABLE cells (
	fid INTEGER NOT NULL, 
	geom MULTIPOLYGON, 
	code TEXT, 
	households INTEGER, 
	resident INTEGER, 
	registered INTEGER, 
	tenant INTEGER, 
	collective INTEGER, 
	special TEXT, 
	source TEXT, 
	counted_at TEXT, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX cells_rev ON cells (rev);
CREATE INDEX cells_code ON cells (code);
CREATE TABLE shares (
	fid INTEGER NOT NULL, 
	cell INTEGER, 
	weight DOUBLE, 
	households INTEGER, 
	resident INTEGER, 
	registered INTEGER, 
	tenant INTEGER, 
	collective INTEGER, 
	special TEXT, 
	estimated BOOLEAN, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX shares_cell ON shares (cell);
CREATE INDEX shares_area ON shares (area);
CREATE INDEX shares_rev ON shares (rev);
CREATE TABLE zones (
	fid INTEGER NOT NULL, 
	geom MULTIPOLYGON, 
	code TEXT, 
	name TEXT, 
	kind TEXT, 
	status TEXT, 
	members TEXT, 
	starts_at TEXT, 
	ends_at TEXT, 
	reason TEXT, 
	order_no TEXT, 
	households INTEGER, 
	population INTEGER, 
	special TEXT, 
	unknown_leaves INTEGER, 
	estimated BOOLEAN, 
	proposed_by TEXT, 
	approved_by TEXT, 
	note TEXT, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX zones_rev ON zones (rev);
CREATE INDEX zones_area ON zones (area);
CREATE TABLE checkpoints (
	fid INTEGER NOT NULL, 
	geom POINT, 
	code TEXT, 
	name TEXT, 
	kind TEXT, 
	state TEXT, 
	hours TEXT, 
	required INTEGER, 
	present INTEGER, 
	phone TEXT, 
	areas TEXT, 
	kit TEXT, 
	note TEXT, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX checkpoints_rev ON checkpoints (rev);
CREATE INDEX checkpoints_area ON checkpoints (area);
CREATE TABLE teams (
	fid INTEGER NOT NULL, 
	name TEXT, 
	kind TEXT, 
	phone TEXT, 
	note TEXT, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX teams_rev ON teams (rev);
CREATE INDEX teams_area ON teams (area);
CREATE TABLE staff (
	fid INTEGER NOT NULL, 
	name TEXT, 
	role TEXT, 
	organisation TEXT, 
	phone TEXT, 
	building INTEGER, 
	unit INTEGER, 
	place INTEGER, 
	post INTEGER, 
	team INTEGER, 
	starts_on TEXT, 
	ends_on TEXT, 
	reassign BOOLEAN, 
	note TEXT, 
	area INTEGER, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX staff_rev ON staff (rev);
CREATE INDEX staff_area ON staff (area);
CREATE TABLE roads (
	fid INTEGER NOT NULL, 
	geom MULTILINESTRING, 
	name TEXT, 
	kind TEXT, 
	width_m DOUBLE, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX roads_rev ON roads (rev);
CREATE TABLE water (
	fid INTEGER NOT NULL, 
	geom GEOMETRY, 
	name TEXT, 
	kind TEXT, 
	version INTEGER NOT NULL, 
	rev INTEGER NOT NULL, 
	PRIMARY KEY (fid)
);
CREATE INDEX water_rev ON water (rev);
CREATE TABLE counters (
	name TEXT NOT NULL, 
	value INTEGER NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT, 
	PRIMARY KEY ("key")
);
CREATE TABLE codes (
	code TEXT NOT NULL, 
	fid INTEGER NOT NULL, 
	PRIMARY KEY (code)
);
CREATE TABLE lineage (
	rev INTEGER NOT NULL, 
	from_fid INTEGER NOT NULL, 
	to_fid INTEGER NOT NULL, 
	PRIMARY KEY (rev, from_fid, to_fid)
);
CREATE TABLE revisions (
	rev INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	op TEXT NOT NULL, 
	note TEXT, 
	form TEXT, 
	undoes INTEGER, 
	undone_by INTEGER, 
	touched TEXT, 
	PRIMARY KEY (rev)
);
CREATE TABLE history (
	hid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	layer TEXT NOT NULL, 
	fid INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	rev_from INTEGER NOT NULL, 
	rev_to INTEGER NOT NULL, 
	geom GEOMETRY, 
	"row" TEXT NOT NULL
);
CREATE INDEX history_to ON history (rev_to);
CREATE INDEX history_row ON history (layer, fid, rev_to);
CREATE TABLE events (
	seq INTEGER NOT NULL, 
	rev INTEGER, 
	kind TEXT NOT NULL, 
	at TEXT NOT NULL, 
	data TEXT, 
	PRIMARY KEY (seq)
);
CREATE TABLE jobs (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	state TEXT NOT NULL, 
	progress DOUBLE NOT NULL, 
	text TEXT, 
	args TEXT, 
	result TEXT, 
	created_at TEXT NOT NULL, 
	changed_at TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE VIRTUAL TABLE rtree_areas_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_areas_geom_insert AFTER INSERT ON areas WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_areas_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_areas_geom_update1 AFTER UPDATE OF geom ON areas WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_areas_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_areas_geom_update2 AFTER UPDATE OF geom ON areas WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_areas_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_areas_geom_update3 AFTER UPDATE ON areas WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_areas_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_areas_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_areas_geom_update4 AFTER UPDATE ON areas WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_areas_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_areas_geom_delete AFTER DELETE ON areas WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_areas_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_estates_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_estates_geom_insert AFTER INSERT ON estates WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_estates_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_estates_geom_update1 AFTER UPDATE OF geom ON estates WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_estates_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_estates_geom_update2 AFTER UPDATE OF geom ON estates WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_estates_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_estates_geom_update3 AFTER UPDATE ON estates WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_estates_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_estates_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_estates_geom_update4 AFTER UPDATE ON estates WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_estates_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_estates_geom_delete AFTER DELETE ON estates WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_estates_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_barriers_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_barriers_geom_insert AFTER INSERT ON barriers WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_barriers_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_barriers_geom_update1 AFTER UPDATE OF geom ON barriers WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_barriers_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_barriers_geom_update2 AFTER UPDATE OF geom ON barriers WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_barriers_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_barriers_geom_update3 AFTER UPDATE ON barriers WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_barriers_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_barriers_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_barriers_geom_update4 AFTER UPDATE ON barriers WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_barriers_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_barriers_geom_delete AFTER DELETE ON barriers WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_barriers_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_gates_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_gates_geom_insert AFTER INSERT ON gates WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_gates_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_gates_geom_update1 AFTER UPDATE OF geom ON gates WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_gates_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_gates_geom_update2 AFTER UPDATE OF geom ON gates WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_gates_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_gates_geom_update3 AFTER UPDATE ON gates WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_gates_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_gates_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_gates_geom_update4 AFTER UPDATE ON gates WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_gates_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_gates_geom_delete AFTER DELETE ON gates WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_gates_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_addresses_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_addresses_geom_insert AFTER INSERT ON addresses WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_addresses_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_addresses_geom_update1 AFTER UPDATE OF geom ON addresses WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_addresses_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_addresses_geom_update2 AFTER UPDATE OF geom ON addresses WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_addresses_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_addresses_geom_update3 AFTER UPDATE ON addresses WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_addresses_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_addresses_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_addresses_geom_update4 AFTER UPDATE ON addresses WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_addresses_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_addresses_geom_delete AFTER DELETE ON addresses WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_addresses_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_places_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_places_geom_insert AFTER INSERT ON places WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_places_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_places_geom_update1 AFTER UPDATE OF geom ON places WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_places_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_places_geom_update2 AFTER UPDATE OF geom ON places WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_places_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_places_geom_update3 AFTER UPDATE ON places WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_places_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_places_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_places_geom_update4 AFTER UPDATE ON places WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_places_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_places_geom_delete AFTER DELETE ON places WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_places_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_buildings_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_buildings_geom_insert AFTER INSERT ON buildings WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_buildings_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_buildings_geom_update1 AFTER UPDATE OF geom ON buildings WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_buildings_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_buildings_geom_update2 AFTER UPDATE OF geom ON buildings WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_buildings_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_buildings_geom_update3 AFTER UPDATE ON buildings WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_buildings_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_buildings_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_buildings_geom_update4 AFTER UPDATE ON buildings WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_buildings_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_buildings_geom_delete AFTER DELETE ON buildings WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_buildings_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_units_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_units_geom_insert AFTER INSERT ON units WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_units_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_units_geom_update1 AFTER UPDATE OF geom ON units WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_units_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_units_geom_update2 AFTER UPDATE OF geom ON units WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_units_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_units_geom_update3 AFTER UPDATE ON units WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_units_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_units_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_units_geom_update4 AFTER UPDATE ON units WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_units_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_units_geom_delete AFTER DELETE ON units WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_units_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_cells_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_cells_geom_insert AFTER INSERT ON cells WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_cells_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_cells_geom_update1 AFTER UPDATE OF geom ON cells WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_cells_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_cells_geom_update2 AFTER UPDATE OF geom ON cells WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_cells_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_cells_geom_update3 AFTER UPDATE ON cells WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_cells_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_cells_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_cells_geom_update4 AFTER UPDATE ON cells WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_cells_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_cells_geom_delete AFTER DELETE ON cells WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_cells_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_zones_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_zones_geom_insert AFTER INSERT ON zones WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_zones_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_zones_geom_update1 AFTER UPDATE OF geom ON zones WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_zones_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_zones_geom_update2 AFTER UPDATE OF geom ON zones WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_zones_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_zones_geom_update3 AFTER UPDATE ON zones WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_zones_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_zones_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_zones_geom_update4 AFTER UPDATE ON zones WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_zones_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_zones_geom_delete AFTER DELETE ON zones WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_zones_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_checkpoints_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_checkpoints_geom_insert AFTER INSERT ON checkpoints WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_checkpoints_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_checkpoints_geom_update1 AFTER UPDATE OF geom ON checkpoints WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_checkpoints_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_checkpoints_geom_update2 AFTER UPDATE OF geom ON checkpoints WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_checkpoints_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_checkpoints_geom_update3 AFTER UPDATE ON checkpoints WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_checkpoints_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_checkpoints_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_checkpoints_geom_update4 AFTER UPDATE ON checkpoints WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_checkpoints_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_checkpoints_geom_delete AFTER DELETE ON checkpoints WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_checkpoints_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_roads_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_roads_geom_insert AFTER INSERT ON roads WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_roads_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_roads_geom_update1 AFTER UPDATE OF geom ON roads WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_roads_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_roads_geom_update2 AFTER UPDATE OF geom ON roads WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_roads_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_roads_geom_update3 AFTER UPDATE ON roads WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_roads_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_roads_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_roads_geom_update4 AFTER UPDATE ON roads WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_roads_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_roads_geom_delete AFTER DELETE ON roads WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_roads_geom WHERE id = OLD.fid; END;
CREATE VIRTUAL TABLE rtree_water_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_water_geom_insert AFTER INSERT ON water WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_water_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_water_geom_update1 AFTER UPDATE OF geom ON water WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN INSERT OR REPLACE INTO rtree_water_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_water_geom_update2 AFTER UPDATE OF geom ON water WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_water_geom WHERE id = OLD.fid; END;
CREATE TRIGGER rtree_water_geom_update3 AFTER UPDATE ON water WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_water_geom WHERE id = OLD.fid;
 INSERT OR REPLACE INTO rtree_water_geom VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER rtree_water_geom_update4 AFTER UPDATE ON water WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN DELETE FROM rtree_water_geom WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER rtree_water_geom_delete AFTER DELETE ON water WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_water_geom WHERE id = OLD.fid; END;
CREATE TRIGGER weige_guard_weige_schema_insert BEFORE INSERT ON "weige_schema" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_weige_schema_update BEFORE UPDATE ON "weige_schema" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_weige_schema_delete BEFORE DELETE ON "weige_schema" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_spatial_ref_sys_insert BEFORE INSERT ON "gpkg_spatial_ref_sys" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_spatial_ref_sys_update BEFORE UPDATE ON "gpkg_spatial_ref_sys" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_spatial_ref_sys_delete BEFORE DELETE ON "gpkg_spatial_ref_sys" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_contents_insert BEFORE INSERT ON "gpkg_contents" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_contents_update BEFORE UPDATE ON "gpkg_contents" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_contents_delete BEFORE DELETE ON "gpkg_contents" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_geometry_columns_insert BEFORE INSERT ON "gpkg_geometry_columns" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_geometry_columns_update BEFORE UPDATE ON "gpkg_geometry_columns" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_geometry_columns_delete BEFORE DELETE ON "gpkg_geometry_columns" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_extensions_insert BEFORE INSERT ON "gpkg_extensions" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_extensions_update BEFORE UPDATE ON "gpkg_extensions" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gpkg_extensions_delete BEFORE DELETE ON "gpkg_extensions" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_areas_insert BEFORE INSERT ON "areas" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_areas_update BEFORE UPDATE ON "areas" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_areas_delete BEFORE DELETE ON "areas" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_estates_insert BEFORE INSERT ON "estates" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_estates_update BEFORE UPDATE ON "estates" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_estates_delete BEFORE DELETE ON "estates" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_barriers_insert BEFORE INSERT ON "barriers" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_barriers_update BEFORE UPDATE ON "barriers" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_barriers_delete BEFORE DELETE ON "barriers" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gates_insert BEFORE INSERT ON "gates" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gates_update BEFORE UPDATE ON "gates" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_gates_delete BEFORE DELETE ON "gates" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_addresses_insert BEFORE INSERT ON "addresses" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_addresses_update BEFORE UPDATE ON "addresses" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_addresses_delete BEFORE DELETE ON "addresses" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_places_insert BEFORE INSERT ON "places" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_places_update BEFORE UPDATE ON "places" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_places_delete BEFORE DELETE ON "places" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_buildings_insert BEFORE INSERT ON "buildings" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_buildings_update BEFORE UPDATE ON "buildings" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_buildings_delete BEFORE DELETE ON "buildings" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_units_insert BEFORE INSERT ON "units" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_units_update BEFORE UPDATE ON "units" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_units_delete BEFORE DELETE ON "units" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_cells_insert BEFORE INSERT ON "cells" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_cells_update BEFORE UPDATE ON "cells" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_cells_delete BEFORE DELETE ON "cells" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_shares_insert BEFORE INSERT ON "shares" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_shares_update BEFORE UPDATE ON "shares" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_shares_delete BEFORE DELETE ON "shares" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_zones_insert BEFORE INSERT ON "zones" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_zones_update BEFORE UPDATE ON "zones" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_zones_delete BEFORE DELETE ON "zones" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_checkpoints_insert BEFORE INSERT ON "checkpoints" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_checkpoints_update BEFORE UPDATE ON "checkpoints" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_checkpoints_delete BEFORE DELETE ON "checkpoints" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_teams_insert BEFORE INSERT ON "teams" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_teams_update BEFORE UPDATE ON "teams" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_teams_delete BEFORE DELETE ON "teams" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_staff_insert BEFORE INSERT ON "staff" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_staff_update BEFORE UPDATE ON "staff" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_staff_delete BEFORE DELETE ON "staff" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_roads_insert BEFORE INSERT ON "roads" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_roads_update BEFORE UPDATE ON "roads" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_roads_delete BEFORE DELETE ON "roads" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_water_insert BEFORE INSERT ON "water" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_water_update BEFORE UPDATE ON "water" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_water_delete BEFORE DELETE ON "water" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_counters_insert BEFORE INSERT ON "counters" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_counters_update BEFORE UPDATE ON "counters" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_counters_delete BEFORE DELETE ON "counters" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_meta_insert BEFORE INSERT ON "meta" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_meta_update BEFORE UPDATE ON "meta" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_meta_delete BEFORE DELETE ON "meta" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_codes_insert BEFORE INSERT ON "codes" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_codes_update BEFORE UPDATE ON "codes" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_codes_delete BEFORE DELETE ON "codes" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_lineage_insert BEFORE INSERT ON "lineage" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_lineage_update BEFORE UPDATE ON "lineage" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_lineage_delete BEFORE DELETE ON "lineage" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_revisions_insert BEFORE INSERT ON "revisions" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_revisions_update BEFORE UPDATE ON "revisions" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_revisions_delete BEFORE DELETE ON "revisions" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_history_insert BEFORE INSERT ON "history" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_history_update BEFORE UPDATE ON "history" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_history_delete BEFORE DELETE ON "history" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_events_insert BEFORE INSERT ON "events" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_events_update BEFORE UPDATE ON "events" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_events_delete BEFORE DELETE ON "events" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_jobs_insert BEFORE INSERT ON "jobs" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_jobs_update BEFORE UPDATE ON "jobs" BEGIN SELECT weige_writer(); END;
CREATE TRIGGER weige_guard_jobs_delete BEFORE DELETE ON "jobs" BEGIN SELECT weige_writer(); END;
INSERT INTO "weige_schema" VALUES (1, '0001_first_tables');
INSERT INTO "gpkg_spatial_ref_sys" VALUES ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', NULL);
INSERT INTO "gpkg_spatial_ref_sys" VALUES ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', NULL);
INSERT INTO "gpkg_spatial_ref_sys" VALUES ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]', NULL);
INSERT INTO "gpkg_spatial_ref_sys" VALUES ('China Geodetic Coordinate System 2000', 4490, 'EPSG', 4490, 'GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4490"]]', NULL);
INSERT INTO "gpkg_contents" VALUES ('areas', 'features', 'areas 区划', '', '2026-11-21T21:11:50.556Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('estates', 'features', 'estates 小区', '', '2026-11-21T21:11:50.556Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('barriers', 'features', 'barriers 隔离', '', '2026-11-21T21:11:50.556Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('gates', 'features', 'gates 出入口', '', '2026-11-21T21:11:50.556Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('addresses', 'features', 'addresses 地址', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('places', 'features', 'places 场所', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('buildings', 'features', 'buildings 楼栋', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('units', 'features', 'units 单元', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('cells', 'features', 'cells 统计单元', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('shares', 'attributes', 'shares 分摊', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 0);
INSERT INTO "gpkg_contents" VALUES ('zones', 'features', 'zones 管控区域', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('checkpoints', 'features', 'checkpoints 卡口', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('teams', 'attributes', 'teams 工作组', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 0);
INSERT INTO "gpkg_contents" VALUES ('staff', 'attributes', 'staff 人员', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 0);
INSERT INTO "gpkg_contents" VALUES ('roads', 'features', 'roads 道路', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_contents" VALUES ('water', 'features', 'water 水系', '', '2026-11-21T21:11:50.557Z', NULL, NULL, NULL, NULL, 4490);
INSERT INTO "gpkg_geometry_columns" VALUES ('areas', 'geom', 'MULTIPOLYGON', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('estates', 'geom', 'MULTIPOLYGON', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('barriers', 'geom', 'MULTILINESTRING', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('gates', 'geom', 'POINT', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('addresses', 'geom', 'POINT', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('places', 'geom', 'GEOMETRY', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('buildings', 'geom', 'MULTIPOLYGON', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('units', 'geom', 'POINT', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('cells', 'geom', 'MULTIPOLYGON', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('zones', 'geom', 'MULTIPOLYGON', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('checkpoints', 'geom', 'POINT', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('roads', 'geom', 'MULTILINESTRING', 4490, 0, 0);
INSERT INTO "gpkg_geometry_columns" VALUES ('water', 'geom', 'GEOMETRY', 4490, 0, 0);
INSERT INTO "gpkg_extensions" VALUES ('areas', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('estates', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('barriers', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('gates', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('addresses', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('places', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('buildings', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('units', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('cells', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('zones', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('checkpoints', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('roads', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "gpkg_extensions" VALUES ('water', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');
INSERT INTO "areas" VALUES (1, X'475000038A11000051DA1B7C61065E40FB3A70CE88065E409A99999999193740448B6CE7FB193740010600000001000000010300000001000000090000006666666666065E409A9999999919374051DA1B7C61065E40845F8F2EDB193740A59938036D065E403C9C65BBE7193740E9BAF08373065E40091456CFEE19374098DD938785065E40448B6CE7FB193740FB3A70CE88065E40B6847CD0B31937406987646D78065E40518EB8B6A6193740C3E3912E6C065E401A80B2CE9D1937406666666666065E409A99999999193740', NULL, '/1/', 0, 1, 'T', '镇', 'town', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 5);
INSERT INTO "areas" VALUES (2, X'475000038A11000051DA1B7C61065E40A59938036D065E409A999999991937403C9C65BBE71937400106000000010000000103000000010000000500000051DA1B7C61065E40845F8F2EDB1937406666666666065E409A99999999193740C3E3912E6C065E401A80B2CE9D193740A59938036D065E403C9C65BBE719374051DA1B7C61065E40845F8F2EDB193740', 1, '/1/2/', 1, 1, 'A', '甲格', 'micro_grid', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, 5);
INSERT INTO "areas" VALUES (3, X'475000038A110000E9BAF08373065E40FB3A70CE88065E40518EB8B6A6193740448B6CE7FB193740010600000001000000010300000001000000050000006987646D78065E40518EB8B6A6193740FB3A70CE88065E40B6847CD0B319374098DD938785065E40448B6CE7FB193740E9BAF08373065E40091456CFEE1937406987646D78065E40518EB8B6A6193740', 1, '/1/3/', 1, 1, 'B', '乙格', 'micro_grid', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 2);
INSERT INTO "areas" VALUES (4, X'475000038A110000C3E3912E6C065E406987646D78065E401A80B2CE9D193740091456CFEE19374001060000000100000001030000000100000005000000C3E3912E6C065E401A80B2CE9D1937406987646D78065E40518EB8B6A6193740E9BAF08373065E40091456CFEE193740A59938036D065E403C9C65BBE7193740C3E3912E6C065E401A80B2CE9D193740', 1, '/1/4/', 1, 1, 'A-2', '甲格-2', 'micro_grid', NULL, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 5);
INSERT INTO "buildings" VALUES (1, X'475000038A1100002F13EA8E6A065E40C9D177126C065E40E6B56D73BE193740A23E6E64C319374001060000000100000001030000000100000005000000EDD808C46B065E40A23E6E64C31937402F13EA8E6A065E40D943FB58C11937400B0C59DD6A065E40E6B56D73BE193740C9D177126C065E40AFB0E07EC0193740EDD808C46B065E40A23E6E64C3193740', NULL, NULL, NULL, NULL, NULL, 12, 30, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, 1, 4);
INSERT INTO "cells" VALUES (1, X'475000038A110000E9BAF08373065E40FB3A70CE88065E40518EB8B6A6193740448B6CE7FB193740010600000001000000010300000001000000050000006987646D78065E40518EB8B6A6193740FB3A70CE88065E40B6847CD0B319374098DD938785065E40448B6CE7FB193740E9BAF08373065E40091456CFEE1937406987646D78065E40518EB8B6A6193740', 'C', 40, 101, NULL, NULL, NULL, '{"minor":3}', NULL, NULL, 1, 3);
INSERT INTO "shares" VALUES (1, 1, 1.0, 40, 101, NULL, NULL, NULL, '{"minor":3}', 0, 3, 1, 3);
INSERT INTO "staff" VALUES (1, '王', 'micro_leader', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, 2, 1, 5);
INSERT INTO "counters" VALUES ('rev', 5);
INSERT INTO "counters" VALUES ('seq', 5);
INSERT INTO "counters" VALUES ('fid:areas', 4);
INSERT INTO "counters" VALUES ('fid:cells', 1);
INSERT INTO "counters" VALUES ('fid:shares', 1);
INSERT INTO "counters" VALUES ('fid:buildings', 1);
INSERT INTO "counters" VALUES ('fid:staff', 1);
INSERT INTO "meta" VALUES ('codes', '"free"');
INSERT INTO "meta" VALUES ('checked', '{"at":"2026-03-01T08:00:00.000+08:00","gaps":0,"nesting":0,"overlaps":0,"rev":2}');
INSERT INTO "codes" VALUES ('T', 1);
INSERT INTO "codes" VALUES ('A', 2);
INSERT INTO "codes" VALUES ('B', 3);
INSERT INTO "codes" VALUES ('A-2', 4);
INSERT INTO "lineage" VALUES (5, 2, 4);
INSERT INTO "revisions" VALUES (1, '2026-03-01T08:00:00.000+08:00', 'system', 'init', '', NULL, NULL, NULL, '{"areas":[],"facts":[],"layers":{},"quiet":[],"retired":[]}');
INSERT INTO "revisions" VALUES (2, '2026-03-01T08:00:00.000+08:00', 'tester', 'import', 'areas from place', NULL, NULL, NULL, '{"areas":[1,2,3],"facts":[],"layers":{"areas":[1,2,3]},"quiet":[],"retired":[]}');
INSERT INTO "revisions" VALUES (3, '2026-03-01T08:00:00.000+08:00', 'tester', 'import', 'cells from cells', NULL, NULL, NULL, '{"areas":[],"facts":[3],"layers":{"cells":[1],"shares":[1]},"quiet":[],"retired":[]}');
INSERT INTO "revisions" VALUES (4, '2026-03-01T08:00:00.000+08:00', 'tester', 'demo', '', NULL, NULL, NULL, '{"areas":[],"facts":[2],"layers":{"buildings":[1],"staff":[1]},"quiet":[],"retired":[]}');
INSERT INTO "revisions" VALUES (5, '2026-03-01T08:00:00.000+08:00', 'tester', 'split', '', '{"line":{"coordinates":[[120.0999,23.09],[120.1008,23.11]],"type":"LineString"},"op":"split","targets":["A"]}', NULL, NULL, '{"areas":[1,2,4],"facts":[2],"layers":{"staff":[1]},"quiet":[1],"retired":[]}');
INSERT INTO "history" VALUES (1, 'areas', 2, 1, 2, 5, X'475000038A11000051DA1B7C61065E406987646D78065E409A99999999193740091456CFEE193740010600000001000000010300000001000000050000006666666666065E409A999999991937406987646D78065E40518EB8B6A6193740E9BAF08373065E40091456CFEE19374051DA1B7C61065E40845F8F2EDB1937406666666666065E409A99999999193740', '{"assigned":true,"code":"A","declared_households":null,"declared_population":null,"kind":null,"leader":null,"leaf":true,"level":"micro_grid","locked":false,"name":"甲格","norm_max":null,"norm_min":null,"note":null,"parent":1,"path":"/1/2/","phone":null,"uninhabited":null}');
INSERT INTO "history" VALUES (2, 'areas', 1, 1, 2, 5, X'475000038A11000051DA1B7C61065E40FB3A70CE88065E409A99999999193740448B6CE7FB193740010600000001000000010300000001000000070000006666666666065E409A9999999919374051DA1B7C61065E40845F8F2EDB193740E9BAF08373065E40091456CFEE19374098DD938785065E40448B6CE7FB193740FB3A70CE88065E40B6847CD0B31937406987646D78065E40518EB8B6A61937406666666666065E409A99999999193740', '{"assigned":true,"code":"T","declared_households":null,"declared_population":null,"kind":null,"leader":null,"leaf":false,"level":"town","locked":false,"name":"镇","norm_max":null,"norm_min":null,"note":null,"parent":null,"path":"/1/","phone":null,"uninhabited":null}');
INSERT INTO "history" VALUES (3, 'staff', 1, 1, 4, 5, NULL, '{"area":2,"building":null,"ends_on":null,"name":"王","note":null,"organisation":null,"phone":null,"place":null,"post":null,"reassign":null,"role":"micro_leader","starts_on":null,"team":null,"unit":null}');
INSERT INTO "events" VALUES (1, 1, 'edit', '2026-03-01T08:00:00.000+08:00', '{"areas":[],"op":"init","rev":1}');
INSERT INTO "events" VALUES (2, 2, 'edit', '2026-03-01T08:00:00.000+08:00', '{"areas":[1,2,3],"op":"import","rev":2}');
INSERT INTO "events" VALUES (3, 3, 'edit', '2026-03-01T08:00:00.000+08:00', '{"areas":[],"op":"import","rev":3}');
INSERT INTO "events" VALUES (4, 4, 'edit', '2026-03-01T08:00:00.000+08:00', '{"areas":[],"op":"demo","rev":4}');
INSERT INTO "events" VALUES (5, 5, 'edit', '2026-03-01T08:00:00.000+08:00', '{"areas":[1,2,4],"op":"split","rev":5}');
