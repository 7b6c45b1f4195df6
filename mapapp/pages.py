"""Pages for people: the planner page and the choice of language."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask_wtf.csrf import generate_csrf

from geodata.crs import EXPORTS, PLAIN, PREFIXED, ZONES, gauss_kruger, in_words
from geodata.exporter import EXPORT_FORMATS, EXPORT_LAYERS
from geodata.schema import TABLES
from layers.errors import NotFound
from layers.redraw import OPERATIONS
from layers.schema import LAYERS

from . import basemap, mode
from .auth import home, needs, own_page, session_left
from .state import rights, state
from .texts import LANGUAGES, messages

blueprint = Blueprint("pages", __name__)
ON_MAP = ("buildings", "roads", "water", "estates", "gates", "places", "barriers", "zones", "checkpoints")


@blueprint.get("/")
@needs("account")
def index():
    """The planner page; who may not see the map goes to the first page of his own."""
    if not rights().may("see"):
        return redirect(home())
    return render_template("index.html", boot=boot())


@blueprint.get("/language/<lang>")
@needs("public")
def choose_language(lang: str):
    """Keeps the language and goes back."""
    if lang not in LANGUAGES:
        raise NotFound(f"{lang}: no such language")
    session["lang"] = lang
    return redirect(own_page(request.args.get("next")))


def boot() -> dict[str, Any]:
    """What the page needs to start."""
    held, own = state(), rights()
    config, cache, rules = held.config, held.cache, held.cache.rules
    seq = held.store.head()[1]  # before anything is read: what comes after is told again rather than not at all
    with held.store.read() as reader:
        present = {name: reader.rows(name, limit=1, geometry=False) != [] for name in ON_MAP if name in TABLES}
        special = any(root.counts.special for root in cache.roots())
        staffed = bool(cache.rostered)
        reported = held.status.standing().row is not None
    levels = cache.levels()
    metrics = [metric for metric in rules.metrics
               if (metric.id != "special" or special and own.may("see_special"))
               and (metric.id != "staff_gap" or staffed) and (not metric.sensitive or own.may("see_special"))
               and (reported or not (metric.source or metric.part))]
    scope = own.scope("see")
    return {
        "lang": g.lang, "messages": messages(g.lang), "csrf": generate_csrf(),
        "account": {"name": g.account.name, "label": g.account.label, "roles": roles_told(),
                    "can": {"redraw": own.may("redraw"), "transfer": own.may("transfer"), "propose_zone": own.may("propose_zone"),
                            "approve_zone": own.may("approve_zone"),
                            "export": own.may("export"), "edit_facts": own.may("edit_facts"), "report": own.may("report"),
                            "manage": own.may("manage"), "audit": own.may("audit"), "set_up": own.may("set_up")},
                    "scope": list(scope)},
        "urls": urls(), "session": session_left(),
        "password": {"length": config.security.password_min_length, "kinds": config.security.password_classes},
        "levels": [{"id": level.id, "zh": level.zh, "en": level.en} for level in rules.levels if level.id in levels],
        "all_levels": [{"id": level.id, "zh": level.zh, "en": level.en, "locked": level.locked} for level in rules.levels],
        "metrics": [{"id": m.id, "zh": m.zh, "en": m.en, "unit": m.unit, "type": m.type, "sensitive": m.sensitive,
                     "group": m.group}
                    for m in metrics],
        "zone_kinds": [{"id": kind.id, "zh": kind.zh, "en": kind.en, "rank": kind.rank,
                        "letter": {"zh": kind.letter_zh, "en": kind.letter_en},
                        "drawn": kind.id != rules.profile.fill_kind}
                       for kind in sorted(rules.profile.kinds, key=lambda kind: -kind.rank)],
        "special_groups": [{"id": group.id, "zh": group.zh, "en": group.en} for group in rules.special_groups],
        "roles": [{"id": role.id, "zh": role.zh, "en": role.en, "in_zones": role.in_zones} for role in rules.roles],
        "post_kinds": [{"id": name, "zh": kind.zh, "en": kind.en, "hours": kind.hours, "required": kind.required, "phone": kind.phone}
                       for name, kind in rules.posts.items()],
        "operations": sorted(OPERATIONS),
        "population_kind": _kind(rules.population_kind),
        "norms": {level: {"min": norm.min, "target": norm.target, "max": norm.max}
                                                                   for level, norm in rules.norms.items()},
        "privacy": {"min_cell": config.privacy.min_cell}, "stale_days": config.figures.stale_days,
        "exports": exports_told(),
        "basemaps": basemap.listed(), "coordinates": _coordinates(),
        "map": {"bounds": _bounds(),
                "level_by_zoom": {str(zoom): level for zoom, level in cache.level_by_zoom().items()},
                "has": present, "max_zoom": config.tiles.max_zoom},
        "rev": cache.rev, "seq": seq, "mode": mode.told() | {"switch": mode.may_switch()}}


def exports_told() -> dict[str, Any]:
    """What can be handed over, and how."""
    config, own = state().config.export, rights()
    return {"layers": [{"id": name, "zh": LAYERS[name].zh, "en": LAYERS[name].en, "shape": bool(LAYERS[name].geometry),
                        "personal": any(field.personal for field in LAYERS[name].fields)} for name in EXPORT_LAYERS],
            "formats": [{"id": f.id, "zh": f.zh, "en": f.en, "encodings": list(f.encodings), "crs": list(f.crs), "table": f.table,
                         "needs_shape": f.needs_shape} for f in EXPORT_FORMATS],
            "crs": [{"id": name, "name": in_words(name, g.lang), "lon0": _meridian(name)} for name in EXPORTS],
            "encodings": ["UTF-8", "GBK"], "personal": own.may("see_personal"),
            "default": {"crs": config.crs, "encoding": config.encoding}}


def _meridian(name: str) -> int | None:
    """The central meridian of a 3-degree zone."""
    number = int(name[5:]) - PREFIXED
    return None if not 0 <= number < 2 * (PLAIN - PREFIXED) else 3 * ZONES[number % len(ZONES)]


def _coordinates() -> list[dict[str, Any]]:
    """The plane coordinates the foot can tell: those of the ground of the account."""
    bounds = _bounds()
    return gauss_kruger(bounds[0], bounds[2]) if bounds else []


def _bounds() -> list[float] | None:
    """The extent of what the account may see."""
    cache, scope = state().cache, rights().scope("see")
    boxes = [node.bounds for node in cache.nodes.values() if node.path in scope]
    if "/" in scope or not boxes:
        bounds = cache.bounds()
        return list(bounds) if bounds else None
    return [min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)]


def roles_told() -> list[dict[str, Any]]:
    """The roles of the account with the areas they reach today; area null is everything."""
    cache, answer = state().cache, []
    for role, paths in rights().paths.items():
        if "/" in paths:
            answer.append({"role": role, "area": None})
            continue
        nodes = [cache.nodes[int(path.strip("/").split("/")[-1])] for path in paths]
        answer += [{"role": role, "area": {"code": node.code, "name": node.name}} for node in nodes]
    return answer


def _kind(kind: str) -> dict[str, str]:
    field = LAYERS["cells"].field(kind)
    return {"id": kind, "zh": field.zh, "en": field.en}


def urls() -> dict[str, str]:
    """Addresses for scripts: no path is written twice."""
    return {
        "areas": "/api/areas", "area": "/api/areas/{code}", "figures": "/api/figures", "search": "/api/search",
        "summary": "/api/summary", "findings": "/api/findings",
        "reports": "/api/reports", "work": "/api/report/work", "status": "/api/status", "rounds": "/api/rounds",
        "round_close": "/api/rounds/{id}/close",
        "preview": "/api/edits/preview", "edits": "/api/edits", "undo": "/api/edits/{rev}/undo", "edit": "/api/edits/{rev}",
        "division": "/api/divisions/{id}",
        "notices": "/api/notices", "notices_read": "/api/notices/read",
        "layer": "/api/{layer}", "item": "/api/{layer}/{id}",
        "posts": "/api/checkpoints", "post": "/api/checkpoints/{id}", "post_presence": "/api/checkpoints/{id}/presence",
        "post_card": "/api/checkpoints/{id}/card", "post_page": "/posts/{id}", "staffing": "/api/staffing",
        "zones": "/api/zones", "zone": "/api/zones/{id}", "zone_restore": "/api/zones/{id}/restore",
        "zone_summary": "/api/zones/summary", "zone_act": "/api/zones/{id}/{act}",
        "exports": "/api/exports", "briefings": "/api/briefings", "briefing": "/api/briefings/{id}",
        "export": "/api/exports/{id}", "tilejson": "/tiles/{layer}.json", "tile": "/tiles/{layer}/{z}/{x}/{y}.mvt",
        "basemap": "/basemaps/{id}.json", "basemap_tile": "/basemaps/{id}/{z}/{x}/{y}",
        "health": "/healthz", "mode": "/api/mode", "live": "/live", "presence": "/api/presence",
        "account_page": "/account", "command_page": "/command", "report_page": "/report",
        "own": "/api/account", "own_password": "/api/account/password",
        "own_sessions": "/api/account/sessions", "session": "/api/account/session", "accounts_page": "/accounts",
        "accounts": "/api/accounts", "account": "/api/accounts/{name}", "account_act": "/api/accounts/{name}/{act}",
        "account_token": "/api/accounts/{name}/tokens/{id}", "audit_page": "/audit", "audit": "/api/audit",
        "audit_csv": "/api/audit.csv", "checklist": "/api/checklist",
        "sign_in": url_for("auth.sign_in"), "sign_out": url_for("auth.sign_out"), "language": "/language/{lang}"}
