"""config.toml, read strictly, once: an unknown key or a wrong type is an error that names it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import limits
import msgspec

from geodata.basemap.settings import Basemap, faults
from geodata.crs import EXPORTS
from layers.checkpoints import minutes_of
from layers.errors import BadSetting
from layers.rules import Derive, Kit, Level, Metric, Norm, PostKind, Profile, Role, Rules, SpecialGroup, Staffing

from .paths import default_config

PREFIX = "WEIGE_"
# used by tests and start-up
NOT_SETTINGS = {"WEIGE_DATA", "WEIGE_POSTGIS_URL", "WEIGE_ALLOW_SKIP", "WEIGE_CONFIG", "WEIGE_FULL", "WEIGE_SHOTS"}


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Product(_Section):
    name_zh: str
    name_en: str
    locale: Literal["zh", "en"]
    timezone: str
    profile: str


class StoreSettings(_Section):
    url: str
    codes: Literal["free", "cn-15-17"]
    busy_timeout_s: float
    synchronous: Literal["FULL", "NORMAL"]
    read_only: bool


class Server(_Section):
    host: str
    port: int
    threads: int
    max_body_mb: float
    tile_cache_mb: int
    rate_limit: str
    report_limit: str
    sign_in_limit: str
    behind_proxy: bool
    workers: int
    preview_process: bool
    open_metrics: bool


class Log(_Section):
    format: Literal["text", "json"]
    level: Literal["debug", "info", "warning", "error"]
    slow_ms: float


class Tiles(_Section):
    level_pixels: float
    max_zoom: int


class BasemapSettings(_Section):
    memory_mb: float
    cache_mb: float
    cache_days: float
    timeout_s: float


class Figures(_Section):
    population_kind: Literal["resident", "registered", "tenant", "collective"]
    roster_level: str
    stale_days: int


class Command(_Section):
    fresh_minutes: float
    silent_minutes: float


class Redraw(_Section):
    interactive_areas: int


class Import(_Section):
    seam_m: float
    gap_width_m: float
    household_m2: float
    storey_m: float
    usual_floors: float
    most_floors: float
    smallest_home_m2: float


class Export(_Section):
    encoding: Literal["UTF-8", "GBK"]
    crs: str
    keep_hours: float


class Privacy(_Section):
    min_cell: int
    export_log_years: int


class Security(_Section):
    password_min_length: int
    password_classes: int
    login_fail_limit: int
    lockout_minutes: float
    session_idle_minutes: float
    session_hours: float
    one_time_hours: float
    token_days: int
    audit_retention_days: int


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"import_": "import"}):
    """All settings; `rules` holds what figures and operations need."""

    product: Product
    store: StoreSettings
    server: Server
    log: Log
    tiles: Tiles
    basemap: BasemapSettings
    basemaps: list[Basemap]
    figures: Figures
    command: Command
    redraw: Redraw
    import_: Import
    export: Export
    privacy: Privacy
    security: Security
    levels: list[Level]
    norms: dict[str, Norm]
    roles: list[Role]
    special_groups: list[SpecialGroup]
    metrics: list[Metric]
    profiles: dict[str, Profile]
    staffing: Staffing
    checkpoints: dict[str, PostKind]
    kit: Kit

    @property
    def profile(self) -> Profile:
        return self.profiles[self.product.profile]

    @property
    def rules(self) -> Rules:
        return Rules(
            levels=self.levels, norms=self.norms, roles=self.roles, special_groups=self.special_groups,
            profile=self.profile, metrics=self.metrics, posts=self.checkpoints, kit=self.kit, staffing=self.staffing,
            population_kind=self.figures.population_kind,
            roster_level=self.figures.roster_level, timezone=self.product.timezone,
            gap_width_m=self.import_.gap_width_m, seam_m=self.import_.seam_m,
            derive=Derive(**{name: getattr(self.import_, name) for name in Derive.__struct_fields__}))


def load(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """The settings of `path` (default: config.toml of the checkout or the wheel, or WEIGE_CONFIG), overridden by the
    environment. A file of one's own need only hold the keys that differ. Raises BadSetting naming the key."""
    environ = os.environ if environ is None else environ
    tree = _read(default_config())
    own = path or environ.get("WEIGE_CONFIG")
    if own:
        _overlay(tree, _read(Path(own)))
    config = _judged(tree, Path(own).name if own else "config.toml")
    for name, text in environ.items():
        if name.startswith(PREFIX) and name not in NOT_SETTINGS:
            _set(tree, name, text)
            config = _judged(tree, name)
    return config


def _judged(tree: dict[str, Any], source: str) -> Config:
    """The settings, when each is of its type and can be. Raises BadSetting naming the source and the key."""
    try:
        config = msgspec.convert(tree, Config, strict=True)
    except msgspec.ValidationError as error:
        raise BadSetting(f"{source}: {error}") from None
    for wrong in _wrong(config):
        raise BadSetting(f"{source}: {wrong}")
    return config


def _wrong(config: Config) -> Iterator[str]:
    """What is of the right type and still cannot be."""
    levels = [level.id for level in config.levels]
    if config.product.profile not in config.profiles:
        yield f"product.profile names no profile: {config.product.profile}"
    if not _is_zone(config.product.timezone):
        yield f"product.timezone is none: {config.product.timezone}"
    if config.export.crs not in EXPORTS:
        yield f"export.crs is none of {', '.join(EXPORTS)}: {config.export.crs}"
    for name in [*config.norms, config.figures.roster_level]:
        if name not in levels:
            yield f"there is no level {name}"
    for name in {name for name in levels if levels.count(name) > 1}:
        yield f"levels: {name} stands twice"
    for name, kind in config.checkpoints.items():
        if minutes_of(kind.hours) is None:
            yield f"checkpoints.{name}.hours is none like 07:00-23:00: {kind.hours}"
        if kind.required < 0:
            yield f"checkpoints.{name}.required must not be below 0, but is {kind.required}"
    for name in ("rate_limit", "report_limit", "sign_in_limit"):
        if (value := getattr(config.server, name)) and not _is_limit(value):
            yield f"server.{name} is no limit like 600/minute: {value}"
    yield from faults(config.basemaps)
    if not 0 <= config.server.port <= 65_535:
        yield f"server.port is none: {config.server.port}"
    for section, name in POSITIVE:
        if not (value := getattr(getattr(config, section), name)) > 0:
            yield f"{section.rstrip('_')}.{name} must be above 0, not {value}"


POSITIVE = (("server", "threads"), ("server", "workers"), ("log", "slow_ms"), ("server", "max_body_mb"), ("tiles", "level_pixels"),
            ("redraw", "interactive_areas"), ("command", "fresh_minutes"), ("command", "silent_minutes"),
            ("basemap", "memory_mb"), ("basemap", "timeout_s"),
            ("export", "keep_hours"), ("security", "password_min_length"), ("security", "login_fail_limit"),
            ("security", "session_idle_minutes"), ("security", "session_hours"), ("security", "one_time_hours"), ("security", "token_days"),
            ("security", "audit_retention_days"), ("privacy", "export_log_years"), ("staffing", "shifts_per_day"))


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (OSError, ValueError, KeyError):
        return False


def _is_limit(text: str) -> bool:
    try:
        return bool(limits.parse_many(text))
    except ValueError:
        return False


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSetting(f"{path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"{path}: {error}") from None


def _overlay(tree: dict[str, Any], own: Mapping[str, Any]) -> None:
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            _overlay(tree[key], value)
        else:
            tree[key] = value


def _set(tree: dict[str, Any], name: str, text: str) -> None:
    """WEIGE_SERVER__PORT=8080 sets server.port, WEIGE_ROLES__POLICE__ZH the name of that role: tables of a list go by
    their id, and what is no letter or digit is an underscore. The value takes the type of the default."""
    *sections, last = name[len(PREFIX):].lower().split("__")
    place: Any = tree
    for section in sections:
        place = _inside(place, section)
    key = _key(place, last)
    if not sections or key is None or _is_table(place[key]):
        raise BadSetting(f"{name}: there is no such setting")
    try:
        place[key] = _typed(text, place[key])
    except ValueError:
        needed = "true or false" if isinstance(place[key], bool) else "a number"
        raise BadSetting(f"{name}: {text!r} is not {needed}") from None


def _inside(place: Any, section: str) -> Any:
    """The table of that name, or the one of a list whose id it is."""
    if isinstance(place, list):
        return next((entry for entry in place if isinstance(entry, dict) and _plain(str(entry.get("id"))) == section),
                    None)
    key = _key(place, section)
    return None if key is None else place[key]


def _key(place: Any, name: str) -> str | None:
    return next((key for key in place if _plain(key) == name), None) if isinstance(place, dict) else None


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(entry, dict) for entry in value))


def _plain(key: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in key.lower())


def _typed(text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false", "1", "0"):
            raise ValueError(text)
        return text.lower() in ("true", "1")
    if isinstance(default, list):
        return [part.strip() for part in text.split(",")]
    if isinstance(default, (int, float)):
        value = float(text)
        if not abs(value) < float("inf"):
            raise ValueError(text)
        return int(value) if value.is_integer() else value
    return text
