"""config.toml, read strictly, once: an unknown key or a wrong type is an error that names it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from layers.errors import BadSetting
from layers.rules import Level, Metric, Norm, Profile, Role, Rules, SpecialGroup

from .paths import default_config

PREFIX = "WEIGE_"
NOT_SETTINGS = {"WEIGE_DATA", "WEIGE_POSTGIS_URL", "WEIGE_ALLOW_SKIP", "WEIGE_CONFIG", "WEIGE_FULL", "WEIGE_SHOTS"}  # used by tests and start-up


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Product(_Section):
    name_zh: str
    name_en: str
    locale: Literal["zh", "en"]
    timezone: str
    profile: str
    drill: bool


class StoreSettings(_Section):
    url: str
    codes: Literal["free", "cn-15-17"]
    busy_timeout_s: float
    synchronous: Literal["FULL", "NORMAL"]


class Server(_Section):
    host: str
    port: int
    threads: int
    max_body_mb: float
    tile_cache_mb: int
    rate_limit: str
    sign_in_limit: str
    behind_proxy: bool


class Tiles(_Section):
    level_pixels: float
    max_zoom: int


class Figures(_Section):
    population_kind: Literal["resident", "registered", "tenant", "collective"]
    roster_level: str
    stale_days: int


class Redraw(_Section):
    min_width_units: int
    interactive_areas: int


class Import(_Section):
    seam_m: float
    gap_width_m: float
    max_upload_mb: float
    encodings: list[str]


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
    token_days: int
    audit_retention_days: int


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"import_": "import"}):
    """All settings; `rules` holds what figures and operations need."""

    product: Product
    store: StoreSettings
    server: Server
    tiles: Tiles
    figures: Figures
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

    @property
    def profile(self) -> Profile:
        return self.profiles[self.product.profile]

    @property
    def rules(self) -> Rules:
        return Rules(
            levels=self.levels, norms=self.norms, roles=self.roles, special_groups=self.special_groups,
            profile=self.profile, metrics=self.metrics, population_kind=self.figures.population_kind,
            roster_level=self.figures.roster_level, min_width_units=self.redraw.min_width_units,
            gap_width_m=self.import_.gap_width_m, seam_m=self.import_.seam_m)


def load(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """The settings of `path` (default: config.toml of the checkout or the wheel, or WEIGE_CONFIG), overridden by the
    environment. A file of one's own need only hold the keys that differ. Raises BadSetting naming the key."""
    environ = os.environ if environ is None else environ
    tree = _read(default_config())
    own = path or environ.get("WEIGE_CONFIG")
    if own:
        _overlay(tree, _read(Path(own)))
    for name, text in environ.items():
        if name.startswith(PREFIX) and name not in NOT_SETTINGS:
            _set(tree, name, text)
    try:
        config = msgspec.convert(tree, Config, strict=True)
    except msgspec.ValidationError as error:
        raise BadSetting(f"config.toml: {error}") from None
    if config.product.profile not in config.profiles:
        raise BadSetting(f"config.toml: product.profile names no profile: {config.product.profile}")
    return config


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
    """WEIGE_SERVER__PORT=8080 sets server.port; the value takes the type of the default."""
    *sections, key = name[len(PREFIX):].lower().split("__")
    place = tree
    for section in sections:
        place = place.get(section) if isinstance(place, dict) else None
    if not sections or not isinstance(place, dict) or key not in place:
        raise BadSetting(f"{name}: there is no such setting")
    default = place[key]
    try:
        place[key] = _typed(text, default)
    except ValueError:
        raise BadSetting(f"{name}: {text!r} is not a {type(default).__name__}") from None


def _typed(text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false", "1", "0"):
            raise ValueError(text)
        return text.lower() in ("true", "1")
    if isinstance(default, list):
        return [part.strip() for part in text.split(",")]
    if isinstance(default, (int, float)):
        return type(default)(text)
    return text
