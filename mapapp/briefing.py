"""Briefings (简报): the zones in force and the posts of a place as one page for somebody who has no access here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, request

from geodata.briefing import feature, gather
from geodata.coverage_cache import CoverageCache
from geodata.exporter import Progress, one_look
from geodata.zone_sums import sums_of
from layers.errors import BadInput
from layers.later import later
from layers.rules import Profile, ZoneKind

from . import made
from .areas import visible
from .auth import needs
from .config import Config
from .forms import arguments, body
from .state import State, actor, rights, state
from .texts import LANGUAGES, messages

briefing_page = later("mapapp.briefing_page")  # folium: a second that only who makes a briefing waits
blueprint = Blueprint("briefing", __name__)
KNOWN = ("area", "receiver", "purpose", "valid_until", "lang")
LOOKS = ("lockdown", "control", "prevention")  # of zones in order of their rank, as tokens.css names them
MOST_NAMED = 3  # areas in the title
MARKS = {"manned": "✓", "short": "!", "closed": "×", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class Order:
    """A briefing that can be made: for whom, what for, until when it holds."""

    receiver: str
    purpose: str
    valid_until: datetime
    area: str | None = None
    lang: str = "zh"
    scope: tuple[str, ...] | None = None


@blueprint.post("/api/briefings")
@needs("export")
def order():
    """202 {"id"}; look at GET /api/briefings/{id} until its state is done or failed."""
    arguments()
    form = body("receiver", "purpose", "valid_until", known=KNOWN)
    held, own = state(), rights()
    judged(form, held.store.clock(), held.config.product.timezone)
    if form.get("area"):
        own.require("export", [visible(form["area"])])
    held.jobs.sweep(held.config.export.keep_hours)
    scope = own.filter("export")
    return {"id": held.jobs.start("briefing", actor(), {**form, "scope": scope, "by": actor(), "address": request.remote_addr})}, 202


def judged(form: Mapping[str, Any], now: datetime, zone: str, scope: tuple[str, ...] | None = None) -> Order:
    """The order of a form. Raises BadInput."""
    for name in KNOWN:
        value = form.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > 200 or (value and not value.strip())):
            raise BadInput(f"{name}: text of at most 200 characters is needed", fields=[name])
    lang = form.get("lang") or "zh"
    if lang not in LANGUAGES:
        raise BadInput(f"lang: one of {', '.join(LANGUAGES)} is needed", fields=["lang"])
    return Order(form["receiver"].strip(), form["purpose"].strip(), _until(form["valid_until"], now, zone), form.get("area") or None, lang, scope)


def _until(text: str, now: datetime, zone: str) -> datetime:
    """A time with offset, or a day of the place: its end."""
    try:
        at = datetime.fromisoformat(text)
        if len(text) == 10:
            at = at.replace(tzinfo=ZoneInfo(zone)) + timedelta(days=1, seconds=-1)
        if at.tzinfo is None:
            raise ValueError(text)
        at.astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError):
        raise BadInput(f"valid_until: {text[:40]!r} is neither a day (2026-11-21) nor a time with offset", fields=["valid_until"]) from None
    if at <= now:
        raise BadInput(f"valid_until: {text} is over already", fields=["valid_until"])
    return at


def make(held: State, number: str, order: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Makes an ordered briefing, in whichever process; answers the job's result."""
    path = held.jobs.folder / f"{number}.html"
    scope = None if order["scope"] is None else tuple(order["scope"])
    asked = judged(order, held.store.clock() - timedelta(days=1), held.config.product.timezone, scope)  # it held when it was asked for
    answer = write(held.config, held.cache, path, asked, progress)
    held.jobs.packages.keep(number, path)
    held.accounts.log("export", "done", account=order["by"], address=order["address"], object="briefing", details={
        **{name: order.get(name) for name in KNOWN}, "rev": answer["rev"], "sha256": answer["sha256"]})
    return answer | {"file": path.name, "title": f"briefing-{order.get('area') or 'all'}-r{answer['rev']}.html",
                     "text": f"{answer['zones']} zones in force, {answer['posts']} posts, revision {answer['rev']}"}


@blueprint.get("/api/briefings/<number>")
@needs("export")
def look(number: str):
    """{"state", "progress", "url", "text"}; of a finished one also name, bytes and SHA-256."""
    arguments()
    return made.told(number, "briefing", f"/api/briefings/{number}/file")[1]


@blueprint.get("/api/briefings/<number>/file")
@needs("export")
def file(number: str):
    """The page, as a file."""
    arguments()
    return made.sent(number, "briefing")


# ---- the page ----------------------------------------------------------------------------------------------------------
def write(config: Config, cache: CoverageCache, path: Path, order: Order, progress: Progress = lambda done, text: None) -> dict[str, Any]:
    """Writes the page; answers {"zones", "posts", "rev", "bytes", "sha256"}."""
    progress(0.1, "read")
    rev, found = one_look(cache, lambda reader: gather(reader, cache, order.area, order.scope))
    sums = sums_of(cache.store, cache).summary(found["fids"])
    progress(0.6, "write")
    profile, words = cache.rules.profile, messages(order.lang)
    told = _told(config, profile, found, sums, order, words, cache.store.clock(), rev)
    text = briefing_page.page(told, _drawn(profile, found, order, words), words, order.lang)
    raw = text.encode("utf-8")
    path.write_bytes(raw)
    progress(1.0, "done")
    return {"zones": len(found["zones"]), "posts": len(found["posts"]), "rev": rev, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def _joined(names: list[str], words: Mapping[str, str]) -> str:
    """The first names, by the comma of the language."""
    return words["list.comma"].join(names[:MOST_NAMED]) + ("…" if len(names) > MOST_NAMED else "")


def _kinds(profile: Profile, lang: str) -> dict[str, dict[str, Any]]:
    """What each kind is called and how it looks, the strictest first."""
    ranked = sorted(profile.kinds, key=lambda kind: -kind.rank)

    def told(place: int, kind: ZoneKind) -> dict[str, Any]:
        look = kind.id if kind.id in LOOKS else LOOKS[min(place, 2)]
        return {"look": f"z-{look}", "name": kind.zh if lang == "zh" else kind.en, "letter": kind.letter_zh if lang == "zh" else kind.letter_en}
    return {kind.id: told(place, kind) for place, kind in enumerate(ranked)}


def _told(config: Config, profile: Profile, found: Mapping[str, Any], sums: Mapping[str, Any], order: Order, words: Mapping[str, str], now: datetime,
          rev: int) -> dict[str, Any]:
    """What stands beside the map."""
    kinds = _kinds(profile, order.lang)
    zone = ZoneInfo(config.product.timezone)
    moment = lambda at: at.astimezone(zone).strftime("%Y-%m-%d %H:%M")  # noqa: E731
    begins = lambda text: moment(datetime.fromisoformat(text)) if text else None  # noqa: E731
    ranked = list(kinds)
    zones = sorted(found["zones"], key=lambda one: (ranked.index(one["kind"]) if one["kind"] in ranked else 99, one["code"] or ""))
    return {
        "title": words["briefing.title"].replace("{area}", _joined(found["names"], words)), "at": moment(now), "rev": rev,
        "product": config.product.name_zh if order.lang == "zh" else config.product.name_en,
        "receiver": order.receiver, "purpose": order.purpose, "valid_until": moment(order.valid_until),
        "kinds": [{**one, **kinds[one["kind"]], "known": not one["derived"] or one["households"] is not None or bool(zones),
                   "unknown": one["unknown_areas"]} for one in sums["kinds"] if one["kind"] in kinds],
        "total": sums["total"], "declared": sums["declared"], "difference": sums["declared_difference"],
        "zones": [{**one, **kinds.get(one["kind"], {"look": "z-control", "letter": "?"}), "name": one["name"] or one["code"],
                   "begins": begins(one["from"])} for one in zones],
        "posts": [{**post, "mark": MARKS[post["state"]], "kind": _post_kind(post, config, order.lang)} for post in found["posts"]]}


def _post_kind(post: Mapping[str, Any], config: Config, lang: str) -> str | None:
    kind = config.rules.posts.get(post["kind"] or "")
    return (kind.zh if lang == "zh" else kind.en) if kind is not None else None


def _drawn(profile: Profile, found: Mapping[str, Any], order: Order, words: Mapping[str, str]) -> dict[str, Any]:
    """What the map is made of."""
    kinds = _kinds(profile, order.lang)
    number = lambda value: words["value.unknown"] if value is None else f"{value:,}"  # noqa: E731
    collection = lambda features: {"type": "FeatureCollection", "features": features}  # noqa: E731

    def lines(zone: Mapping[str, Any]) -> list[str]:
        return [f"{kinds[zone['kind']]['name']} · {zone['name'] or zone['code']}",
                words["briefing.held"].replace("{households}", number(zone["households"])).replace("{people}", number(zone["population"]))]
    known = [zone for zone in found["zones"] if zone["kind"] in kinds]
    mildest_first = sorted(known, key=lambda zone: -list(kinds).index(zone["kind"]))
    rest = [feature(one["shape"], look=f"zone rest {kinds[one['kind']]['look']}") for one in found["rest"]]
    return {
        "bounds": found["frame"], "valid_until": order.valid_until.isoformat(),
        "words": {"nearer": words["briefing.nearer"], "farther": words["briefing.farther"]},
        "water": collection([feature(one["shape"], look="water") for one in found["water"]]),
        "roads": collection([feature(one["shape"], look=f"road {one['kind']}") for one in found["roads"]]),
        "areas": collection([feature(one["shape"], look="area") for one in found["areas"]] + [feature(found["outline"], look="outline")]),
        "halo": collection([feature(zone["shape"], look="halo") for zone in mildest_first]),
        "zones": collection(rest + [feature(zone["shape"], look=f"zone {kinds[zone['kind']]['look']}", told=lines(zone)) for zone in mildest_first]),
        "labels": [{"name": one["name"], "at": _spot(one["shape"])} for one in found["areas"]],
        "letters": [{"at": one["spot"], "letter": kinds[one["kind"]]["letter"], "look": kinds[one["kind"]]["look"],
                     "told": lines(one) if "name" in one else [kinds[one["kind"]]["name"]]} for one in (*found["rest"], *mildest_first)],
        "posts": [{"at": post["at"], "mark": MARKS[post["state"]], "look": post["state"], "told": [
            post["name"] or words["briefing.post"], words["briefing.post-tip"].replace("{hours}", post["hours"] or "–").replace(
                "{present}", number(post["present"])).replace("{required}", number(post["required"]))]} for post in found["posts"]]}


def _spot(shape: Any) -> list[float]:
    point = shape.point_on_surface()
    return [round(point.x, 7), round(point.y, 7)]
