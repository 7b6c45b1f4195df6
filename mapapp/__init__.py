"""The web: pages, API, sign-in, command line. Start with `create_app`; every view says which right it needs."""

from __future__ import annotations

from functools import partial

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from geodata.accounts import Accounts
from geodata.coverage_cache import CoverageCache
from geodata.jobs import Jobs
from geodata.layer_tiles import LayerTiles
from geodata.lent_accounts import LentAccounts, must_be_lent
from geodata.rates import Rates
from geodata.store import Store
from geodata.tile_cache import TileCache

from . import (
    access,
    accounts,
    areas,
    audit,
    auth,
    basemap,
    briefing,
    checklist,
    checkpoints,
    command,
    divisions,
    edits,
    errors,
    exports,
    figures,
    findings,
    headers,
    health,
    history,
    items,
    live,
    metrics,
    mode,
    notices,
    own_account,
    pages,
    phone,
    rates,
    reports,
    search,
    staffing,
    status,
    texts,
    tiles,
    wall,
    zone_actions,
    zones,
)
from .config import Config
from .paths import static_folder
from .state import State
from .tile_lane import TileLane

BLUEPRINTS = (auth, wall, pages, command, areas, figures, findings, edits, history, notices, search, tiles, zones, zone_actions, exports, briefing,
              checkpoints, staffing, divisions, items, health, live, metrics,
              own_account, accounts, audit, checklist, basemap, mode, reports, status, phone)


class Fid(IntegerConverter):
    """A number in an address; longer ones than any store holds are no page."""

    regex = r"[0-9]{1,15}"


def create_app(config: Config, store: Store, accounts: Accounts | None = None, *, worker: int = 0) -> Flask:
    """The application on an open store; `worker` is the number of this process when there are several."""
    app = Flask(__name__, static_folder=str(static_folder()), static_url_path="/static")
    accounts = accounts or open_accounts(config, store)
    accounts.forget(config.security.audit_retention_days, config.privacy.export_log_years)
    app.config.update(
        SECRET_KEY=accounts.secret("session"), MAX_CONTENT_LENGTH=int(config.server.max_body_mb * 1_000_000),
        SESSION_COOKIE_NAME="weige", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.server.behind_proxy, WTF_CSRF_HEADERS=["X-CSRF-Token"], WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False, RATELIMIT_HEADERS_ENABLED=True, JSON_SORT_KEYS=False)
    app.url_map.converters["fid"] = Fid
    app.json.ensure_ascii = False
    app.json.sort_keys = False
    if config.server.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app)
    cache = CoverageCache(store, config.tiles.level_pixels)
    state = State(config, store, cache, accounts, LayerTiles(store), TileCache(config.server.tile_cache_mb * 1_000_000),
                  Jobs(store))
    app.extensions["weige"] = state
    state.jobs.does |= {"export": partial(exports.make, state), "briefing": partial(briefing.make, state),
                        "divide": partial(divisions.make, state)}
    cache.listeners.append(state.changed)
    store.listeners.append(state.sync)
    state.sync()
    basemap.install(app, config, store)
    errors.install(app)
    headers.install(app)
    texts.install(app)  # before the gate: a refusal, too, is said in the language of the reader
    auth.install(app)
    several = Rates(accounts) if accounts.engine.dialect.name == "postgresql" else None  # others may serve the same database
    limited = [module.blueprint for module in BLUEPRINTS if module not in (tiles, health, metrics, reports, status)]
    at_the_door = rates.install(app, config.server, several, limited, [reports.blueprint, status.blueprint])
    for module in BLUEPRINTS:
        app.register_blueprint(module.blueprint)
    app.view_functions["auth.sign_in_post"] = at_the_door(auth.sign_in_post)
    app.view_functions["wall.change"] = at_the_door(wall.change)
    lane = app.wsgi_app = TileLane(app.wsgi_app, state)
    state.admit = lane.admit
    access.install(app)
    counted = app.extensions["weige.metrics"] = metrics.Metrics(state, worker or 1)
    app.wsgi_app = access.Access(lane, counted, slow_ms=config.log.slow_ms, trust=config.server.behind_proxy, worker=worker)
    return app


def open_accounts(config: Config, store: Store) -> Accounts:
    """The second file of the store, with the rules of [security]."""
    rules = config.security
    kind = LentAccounts if must_be_lent(store) else Accounts
    return kind(store.url, fail_limit=rules.login_fail_limit, lockout_minutes=rules.lockout_minutes,
                min_length=rules.password_min_length, classes=rules.password_classes, clock=store.clock)
