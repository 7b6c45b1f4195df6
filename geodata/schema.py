"""Tables made from layers/schema.py, and the ones beside them: revisions, history, events, jobs, counters, codes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, Table, Text

from layers.schema import LAYERS, Layer

from .types import Geom, Json

metadata = MetaData()

_TYPES = {"text": Text, "int": Integer, "number": Double, "bool": Boolean, "date": Text, "time": Text, "json": Json}
Fid = BigInteger().with_variant(Integer, "sqlite")  # 64 bits in both: the INTEGER of a GeoPackage
Rev = Fid


def _layer_table(layer: Layer) -> Table:
    columns = [Column("fid", Fid, primary_key=True, autoincrement=False)]
    if layer.geometry:
        columns.append(Column("geom", Geom(layer.geometry)))
    if layer.name == "areas":
        columns += [
            Column("parent", Fid), Column("path", Text, nullable=False), Column("leaf", Boolean, nullable=False),
            Column("assigned", Boolean, nullable=False)]
    for field in layer.fields:
        columns.append(Column(field.name, _TYPES[field.type]))
    if layer.owned:
        columns.append(Column("area", Fid))
    columns += [Column("version", Integer, nullable=False), Column("rev", Rev, nullable=False)]
    table = Table(layer.name, metadata, *columns)
    Index(f"{layer.name}_rev", table.c.rev)
    if layer.owned:
        Index(f"{layer.name}_area", table.c.area)
    return table


TABLES: dict[str, Table] = {name: _layer_table(layer) for name, layer in LAYERS.items()}
AREAS = TABLES["areas"]
Index("areas_code", AREAS.c.code, unique=True)
Index("areas_path", AREAS.c.path, postgresql_ops={"path": "text_pattern_ops"})  # for LIKE in any language of the database
Index("areas_parent", AREAS.c.parent)
Index("units_building", TABLES["units"].c.building)
Index("shares_cell", TABLES["shares"].c.cell)
Index("cells_code", TABLES["cells"].c.code)

COUNTERS = Table("counters", metadata, Column("name", Text, primary_key=True), Column("value", Rev, nullable=False))
META = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Json))
# Every code that was ever used: codes are never used twice.
CODES = Table("codes", metadata, Column("code", Text, primary_key=True), Column("fid", Fid, nullable=False))
# What became of an area: a cut leads from the keeper to each new part, a merge from the retired to the survivor.
LINEAGE = Table(
    "lineage", metadata, Column("rev", Rev, primary_key=True), Column("from_fid", Fid, primary_key=True),
    Column("to_fid", Fid, primary_key=True))
REVISIONS = Table(
    "revisions", metadata, Column("rev", Rev, primary_key=True, autoincrement=False), Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False), Column("op", Text, nullable=False), Column("note", Text),
    Column("form", Json),  # the operation as drawn
    Column("undoes", Rev), Column("undone_by", Rev),
    Column("touched", Json),  # {"areas": [...], "quiet": [...], "retired": [...], "facts": [leaf fids], "layers": {...}} or {"all": true}
)
Index("revisions_actor", REVISIONS.c.actor, REVISIONS.c.rev)
Index("revisions_undoes", REVISIONS.c.undoes)
HISTORY = Table(
    "history", metadata, Column("hid", Fid, primary_key=True, autoincrement=True), Column("layer", Text, nullable=False),
    Column("fid", Fid, nullable=False), Column("version", Integer, nullable=False),
    Column("rev_from", Rev, nullable=False), Column("rev_to", Rev, nullable=False),
    Column("geom", Geom("Geometry")), Column("row", Json, nullable=False), sqlite_autoincrement=True)
Index("history_row", HISTORY.c.layer, HISTORY.c.fid, HISTORY.c.rev_to)
Index("history_to", HISTORY.c.rev_to)
EVENTS = Table(
    "events", metadata, Column("seq", Rev, primary_key=True, autoincrement=False), Column("rev", Rev),
    Column("kind", Text, nullable=False), Column("at", Text, nullable=False), Column("data", Json))
# What an account should hear of because somebody else changed its work; kept when read.
NOTICES = Table(
    "notices", metadata, Column("account", Text, primary_key=True), Column("seq", Rev, primary_key=True, autoincrement=False),
    Column("rev", Rev, nullable=False), Column("kind", Text, nullable=False), Column("at", Text, nullable=False),
    Column("data", Json), Column("read_at", Text))
JOBS = Table(
    "jobs", metadata, Column("id", Text, primary_key=True), Column("kind", Text, nullable=False), Column("actor", Text, nullable=False),
    Column("state", Text, nullable=False), Column("progress", Double, nullable=False), Column("text", Text),
    Column("args", Json), Column("result", Json), Column("created_at", Text, nullable=False), Column("changed_at", Text, nullable=False),
    Column("owner", Text), Column("tries", Integer), Column("lease_until", Double))  # who does it, until when he may be silent

# Who is restricted by a zone: what it was made of, resolved and frozen when it was approved. `part` = {"households": n,
# kind: n, "special": {}} where only a part of a cell's people is inside (estimated), else null: all of the place.
ZONE_MEMBERS = Table(
    "zone_members", metadata, Column("zone", Fid, primary_key=True), Column("layer", Text, primary_key=True),
    Column("fid", Fid, primary_key=True), Column("part", Json))  # layer: units, buildings (without stairwells), cells
Index("zone_members_place", ZONE_MEMBERS.c.layer, ZONE_MEMBERS.c.fid)
# What was decided about a zone, by whom and why: proposed, approved, rejected, extended, upgraded, lift-asked, lifted ...
ZONE_EVENTS = Table(
    "zone_events", metadata, Column("zone", Fid, primary_key=True), Column("rev", Rev, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False), Column("at", Text, nullable=False), Column("actor", Text, nullable=False),
    Column("authority", Text), Column("order_no", Text), Column("reason", Text), Column("data", Json))

# A round of survey or sampling: what is counted anew, from when, due when.
ROUNDS = Table(
    "rounds", metadata, Column("id", Text, primary_key=True), Column("name", Text), Column("kind", Text),
    Column("area", Fid), Column("starts_at", Text, nullable=False), Column("due_at", Text), Column("closed_at", Text),
    Column("opened_by", Text))
# Every report as it came: never changed. `place`: unit | building | area; an area with the version the reporter saw and the
# revision it was received at. `seq` is the event that told of it.
REPORTS = Table(
    "reports", metadata, Column("id", Fid, primary_key=True, autoincrement=False), Column("seq", Rev, nullable=False),
    Column("account", Text, nullable=False), Column("offline_id", Text, nullable=False), Column("round", Text, nullable=False),
    Column("place", Text, nullable=False), Column("fid", Fid, nullable=False), Column("version", Integer),
    Column("rev", Rev, nullable=False), Column("at", Text, nullable=False), Column("received_at", Text, nullable=False),
    Column("values", Json, nullable=False))
Index("reports_once", REPORTS.c.account, REPORTS.c.offline_id, unique=True)
Index("reports_place", REPORTS.c.round, REPORTS.c.place, REPORTS.c.fid)
# The newest value of each metric at each place in a round.
STATUS = Table(
    "status", metadata, Column("round", Text, primary_key=True), Column("place", Text, primary_key=True),
    Column("fid", Fid, primary_key=True), Column("metric", Text, primary_key=True), Column("value", Double),
    Column("at", Text, nullable=False), Column("report", Fid, nullable=False), Column("rev", Rev, nullable=False))
Index("status_report", STATUS.c.round, STATUS.c.report)

SPATIAL = [name for name, layer in LAYERS.items() if layer.geometry]
