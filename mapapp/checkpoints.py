"""Posts over the API: placed, moved, manned, closed; the areas they serve; and the post card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from flask import Blueprint, render_template

from geodata import posts
from geodata.coverage_cache import today
from geodata.rows import Reader
from geodata.schema import TABLES
from geodata.transaction import Transaction
from layers.checkpoints import gap_of, is_due, kind_of, minutes_of, state_of
from layers.errors import BadInput, Forbidden, MissingField, Stale
from layers.schema import LAYERS
from layers.zones import rank_of

from .areas import visible
from .auth import needs
from .forms import LARGEST, arguments, body, bounds_of, flag, next_page, number, texts_of, version_of, whole
from .items import item_json, plain, read_form, require_inside, require_unused
from .state import actor, rights, state

blueprint = Blueprint("checkpoints", __name__)
LAYER = LAYERS["checkpoints"]
STATES = ("open", "closed")  # what is decided; manned, short and unknown follow from the people there
MOST_SERVED = 20  # areas one post serves
HEADS, HOUSES = 40, 45  # lines that fit the sheet beside everything else


@blueprint.get("/api/checkpoints")
@needs("see")
def checkpoints():
    """Posts in the order of fid; `area` keeps those that stand in an area."""
    query = arguments("area", "bbox", "limit", "after", "geometry", "rev")
    limit, after = number(query, "limit", 1000, most=10_000), number(query, "after", 0, most=1 << 53, least=0)
    held = state()
    rev = held.cache.rev
    if query.get("rev") and query["rev"] != str(rev):
        raise Stale(f"the list was begun at revision {query['rev'][:20]}, now it is {rev}; begin again", rev=rev)
    with held.store.read() as reader:
        where = reader.in_scope("checkpoints", [visible(query["area"]).path]) if query.get("area") else None
        rows = reader.rows("checkpoints", where, bounds=bounds_of(query.get("bbox")), scope=rights().filter("see"), after=after, limit=limit + 1)
        page = rows[:limit]
        geometry = flag(query, "geometry") or "geometry" not in query
        answer = {"checkpoints": posts_json(reader, page, geometry=geometry), "next": None, "rev": rev}
    if len(rows) > limit:
        answer["next"] = next_page({**query, "after": page[-1]["fid"], "rev": rev})
    return answer


@blueprint.get("/api/checkpoints/<fid:fid>")
@needs("see")
def checkpoint(fid: int):
    """One post."""
    arguments()
    with state().store.read() as reader:
        return posts_json(reader, [seen(reader, fid)])[0]


@blueprint.post("/api/checkpoints")
@needs("edit_facts")
def add():
    """A new post. What is not said of hours and people is the norm of its kind; it serves the area it stands in."""
    arguments()
    form = body()

    def write(tx: Transaction):
        row = _row(tx, form, {})
        if row.get("geom") is None:
            raise MissingField("checkpoints: point is needed", fields=["point"])
        kind = kind_of(tx.rules, row)
        if kind is not None:
            row = {"hours": kind.hours, "required": kind.required} | {key: value for key, value in row.items() if value is not None}
        if "areas" not in row and row.get("area") is not None:
            row["areas"] = [row["area"]]
        _judge(tx, row)
        require_inside(tx, LAYER, row)
        fid = tx.insert("checkpoints", [row])[0]
        tx.note = row.get("name") or f"checkpoints {fid}"
        return posts_json(tx, [tx.row("checkpoints", fid)])[0]
    return state().store.attempt(actor(), "add checkpoints", write, form={"layer": "checkpoints"}), 201


@blueprint.patch("/api/checkpoints/<fid:fid>")
@needs("edit_facts")
def change(fid: int):
    """Changes fields, or moves the post; `version` is what the caller saw."""
    arguments()
    form = body("version")
    version = version_of(form)
    del form["version"]

    def write(tx: Transaction):
        before = seen(tx, fid)
        changes = _row(tx, form, before)
        if not changes:
            raise MissingField("nothing to change")
        _judge(tx, before | changes)
        require_inside(tx, LAYER, before)
        require_inside(tx, LAYER, before | changes)
        tx.update("checkpoints", fid, changes, version=version)
        tx.note = (before | changes)["name"] or f"checkpoints {fid}"
        return posts_json(tx, [tx.row("checkpoints", fid)])[0]
    op = "move checkpoints" if form.keys() <= {"point", "geometry"} else "change checkpoints"
    return state().store.attempt(actor(), op, write, form={"layer": "checkpoints", "id": fid, **plain(LAYER, form)})


@blueprint.delete("/api/checkpoints/<fid:fid>")
@needs("edit_facts")
def remove(fid: int):
    """Removes a post; `version` in the query is what the caller saw. With `release=true` its people stay on the list without
    a post, else it is not removed while somebody belongs to it. Can be undone."""
    query = arguments("version", "release")
    if not query.get("version"):
        raise MissingField("version is needed", fields=["version"])
    version = number(query, "version", 0, most=LARGEST)

    def write(tx: Transaction):
        before = seen(tx, fid)
        require_inside(tx, LAYER, before)
        if flag(query, "release"):
            for person in tx.rows("staff", TABLES["staff"].c.post == fid, scope=rights().filter("edit_facts"), geometry=False):
                tx.update("staff", person["fid"], {"post": None})
        require_unused(tx, "checkpoints", fid)
        tx.delete("checkpoints", fid, version=version)
        tx.note = before["name"] or f"checkpoints {fid}"
        return tx.taken
    rev = state().store.attempt(actor(), "remove checkpoints", write, form={"layer": "checkpoints", "id": fid})
    return {"id": fid, "removed": True, "rev": rev}


@blueprint.post("/api/checkpoints/<fid:fid>/presence")
@needs("report")
def presence(fid: int):
    """How many people are there, at `at` (now, when it is not said or lies ahead); null: nobody knows. The newest count
    stands, an older one that comes late changes nothing. The version stays: who edits the post is not disturbed."""
    arguments()
    form = body(known=("present", "at"))
    if "present" not in form:
        raise MissingField("present is needed", fields=["present"])
    present = None if form["present"] is None else whole(form["present"], "present")
    if present is not None and present < 0:
        raise BadInput(f"present = {present} is less than 0", fields=["present"])
    held = state()
    at = _moment(form.get("at"), held.store.clock())

    def write(tx: Transaction):
        before = seen(tx, fid)
        node = held.cache.nodes.get(before["area"])
        if node is not None:
            rights().require("report", [node])
        elif rights().filter("report") is not None:
            raise Forbidden(f"checkpoints {fid}: outside every area you may report in")
        if before["present_at"] and datetime.fromisoformat(before["present_at"]) > at:
            return posts_json(tx, [before])[0]
        tx.update("checkpoints", fid, {"present": present, "present_at": at.isoformat(timespec="seconds")}, quiet=True)
        tx.note = before["name"] or f"checkpoints {fid}"
        return posts_json(tx, [tx.row("checkpoints", fid)])[0]
    return held.store.attempt(actor(), "count checkpoints", write, form={"layer": "checkpoints", "id": fid, "present": present})


@blueprint.get("/api/checkpoints/<fid:fid>/card")
@needs("see")
def card(fid: int):
    """The post card: what who stands there has to know."""
    arguments()
    return card_of(fid)


@blueprint.get("/posts/<fid:fid>")
@needs("see")
def printed(fid: int):
    """The post card as a page for printing, one sheet A4."""
    arguments()
    told, kinds = card_of(fid), sorted(state().cache.rules.profile.kinds, key=lambda kind: -kind.rank)
    ruling = next(((place, kind) for place, kind in enumerate(kinds, 1) if told["rule"] and kind.id == told["rule"]["kind"]), None)
    return render_template("post_card.html", card=told, now=_local(state().store.clock()), rank=ruling and min(ruling[0], 3),
                           kind_name=ruling and {"zh": ruling[1].zh, "en": ruling[1].en}, heads_most=HEADS, houses_most=HOUSES)


# ---- reading ------------------------------------------------------------------------------------------------------------
def seen(reader: Reader, fid: int) -> dict[str, Any]:
    """The row of a post in sight. Raises NotFound."""
    return reader.row("checkpoints", fid, scope=rights().filter("see"))


def posts_json(reader: Reader, rows: Sequence[Mapping[str, Any]], *, geometry: bool = True) -> list[dict[str, Any]]:
    """Posts as the API shows them."""
    points = [shapely.Point(row["geom"].x, row["geom"].y) for row in rows]
    zones = posts.zones_at(reader, points)
    return [_post_json(reader, row, zone, geometry) for row, zone in zip(rows, zones, strict=True)]


def _post_json(reader: Reader, row: Mapping[str, Any], zone: int | None, geometry: bool) -> dict[str, Any]:
    held, now = state(), state().store.clock()
    minute, rules = minute_now(), held.cache.rules
    where = [row["geom"].x, row["geom"].y]
    at = row["present_at"]
    answer = item_json(reader, LAYER, row, geometry)
    return answer | {
        "state": state_of(rules, row, minute), "closed": row["state"] == "closed", "due": is_due(row["hours"], minute),
        "gap": gap_of(rules, row, minute), "age_s": max(0, int((now - datetime.fromisoformat(at)).total_seconds())) if at else None,
        "point": where, "where": where, "areas": _named(posts.served(row)), "zone": zone}


def minute_now() -> int:
    """The minute of the day where the place lies."""
    now = _local(state().store.clock())
    return now.hour * 60 + now.minute


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(state().cache.rules.timezone))


def _named(fids: Sequence[int]) -> list[dict[str, str | None]]:
    """Served areas that are in sight."""
    nodes = [state().cache.nodes.get(fid) for fid in fids]
    return [{"code": node.code, "name": node.name, "level": node.level} for node in nodes if node is not None and rights().may("see", node.path)]


def card_of(fid: int) -> dict[str, Any]:
    """The card of one post: zones it stands at or serves, buildings, heads of stairwells (by right), rule of today."""
    held, own = state(), rights()
    rules, nodes = held.cache.rules, held.cache.nodes
    with held.store.read() as reader:
        row = seen(reader, fid)
        post = posts_json(reader, [row])[0]
        serves = [nodes[area] for area in posts.served(row) or [row["area"]] if area in nodes]
        paths = [node.path for node in serves if own.may("see", node.path)]
        zones = posts.zones_over(reader, paths) if paths else []
        if post["zone"] is not None and post["zone"] not in {zone["fid"] for zone in zones}:
            zones = [reader.row("zones", post["zone"]), *zones]
        zones = [zone for zone in zones if _sees(zone)]
        buildings = posts.buildings_of(reader, paths, own.filter("see")) if paths else []
        heads = posts.heads_of(reader, buildings, own.filter("see_personal"), today(held.store)) if own.may("see_personal") else []
        others = reader.rows("zones", TABLES["zones"].c.status == "in_force", limit=1, geometry=False)
    strictest = max((zone["kind"] for zone in zones), key=lambda kind: rank_of(rules.profile, kind), default=None)
    ruling = strictest or (rules.profile.fill_kind if others else None)
    kind = kind_of(rules, row)
    return {
        "post": post, "kind": None if kind is None else {"zh": kind.zh, "en": kind.en, "note": {"zh": kind.note_zh, "en": kind.note_en}},
        "zones": [{"id": zone["fid"], "kind": zone["kind"], "name": zone["name"], "rule": _rule(rules, zone["kind"])} for zone in zones],
        "buildings": buildings, "heads": heads, "heads_hidden": not own.may("see_personal"),
        "rule": None if not ruling else {"kind": ruling, **_rule(rules, ruling)},
        "rules": [{"kind": one.id, **_rule(rules, one.id)} for one in sorted(rules.profile.kinds, key=lambda one: -one.rank)],
        "kit": {"tables": rules.kit.tables, "people": rules.kit.people, "tools": _pairs(rules.kit.tools_zh, rules.kit.tools_en),
                "temperature_alarm_c": rules.kit.temperature_alarm_c},
        "questions": _pairs(rules.kit.questions_zh, rules.kit.questions_en),
        "without_phone": {"zh": rules.kit.without_phone_zh, "en": rules.kit.without_phone_en}, "rev": held.cache.rev}


def _rule(rules, name: str) -> dict[str, str]:
    """Who may pass in a kind of zone, in both languages."""
    kind = rules.profile.kind(name)
    return {"zh": kind.passage_zh if kind else "", "en": kind.passage_en if kind else ""}


def _pairs(zh: Sequence[str], en: Sequence[str]) -> list[dict[str, str]]:
    return [{"zh": one, "en": en[k] if k < len(en) else one} for k, one in enumerate(zh)]


def _sees(zone: Mapping[str, Any]) -> bool:
    node = state().cache.nodes.get(zone["area"])
    return rights().may("see", node.path) if node else rights().filter("see") is None


# ---- writing ------------------------------------------------------------------------------------------------------------
def _row(tx: Transaction, form: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Columns from a form: those of every layer, `point` for the geometry, codes of areas served."""
    form = dict(form)
    if "point" in form:
        form["geometry"] = {"type": "Point", "coordinates": form.pop("point")}
    codes = form.pop("areas", ...)
    row = read_form(tx, LAYER, form, dict(before))
    if codes is not ...:
        fids = [visible(code).fid for code in texts_of(codes or [], "areas", most=MOST_SERVED)]
        row["areas"] = list(dict.fromkeys(fids))
    if row.get("present_at") is not None:
        row["present_at"] = _moment(row["present_at"], state().store.clock()).isoformat(timespec="seconds")
    elif "present" in row:
        row["present_at"] = state().store.clock().isoformat(timespec="seconds") if row["present"] is not None else None
    return row


def _judge(tx: Transaction, row: Mapping[str, Any]) -> None:
    """Raises BadInput, MissingField for what no post can be."""
    if row.get("kind") is not None and tx.rules.posts and row["kind"] not in tx.rules.posts:
        raise BadInput(f"kind {row['kind']!r} is none of {', '.join(tx.rules.posts)}", fields=["kind"])
    if row.get("state") not in (None, *STATES):
        raise BadInput(f"state {row['state']!r} is none of {', '.join(STATES)}; manned and short follow from present", fields=["state"])
    if row.get("hours") is not None and minutes_of(row["hours"]) is None:
        raise BadInput(f"hours {row['hours']!r}: hours like 07:00-23:00 are needed", fields=["hours"])
    kind = kind_of(tx.rules, row)
    if kind is not None and kind.phone and not row.get("phone"):
        raise MissingField(f"{row['kind']}: never without the phone of who holds the key", fields=["phone"])


def _moment(text: Any, now: datetime) -> datetime:
    """A time with offset; what lies ahead counts as now. Raises BadInput."""
    if text is None:
        return now
    try:
        moment = datetime.fromisoformat(str(text))
        if moment.tzinfo is None:
            raise ValueError
    except ValueError:
        raise BadInput(f"at: {text!r} is not a time with offset (ISO 8601)", fields=["at"]) from None
    return min(moment.astimezone(now.tzinfo), now)
