"""Where the pages and the default settings lie: at the top of a checkout, or inside the package of a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def static_folder() -> Path:
    """The folder of style sheets, scripts, words and the map library."""
    return _first(_PACKAGE / "static", _PACKAGE.parent / "static")


def default_config() -> Path:
    """The config.toml holding every setting with its default."""
    return _first(_PACKAGE / "config.default.toml", _PACKAGE.parent / "config.toml")


def _first(packaged: Path, checkout: Path) -> Path:
    return packaged if packaged.exists() else checkout
