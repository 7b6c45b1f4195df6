"""GCJ-02 and BD-09, the shifted datums of Chinese web maps: only at the door, never inside (`domain.md` 4.2).

The shift is the widely published polynomial on the Krasovsky ellipsoid. The inverse is found by fixed-point steps:
three leave at most 0.2 mm. Coordinates are (n, 2) arrays of (lon, lat) in degrees.
"""

from __future__ import annotations

import numpy as np

_A, _EE = 6378245.0, 0.00669342162296594323  # Krasovsky 1940
_STEPS = 3
_BD = np.pi * 3000.0 / 180.0


def wgs84_to_gcj02(xy: np.ndarray) -> np.ndarray:
    """Shifts points inside China, leaves others."""
    return xy + np.where(_inside(xy)[:, None], _shift(xy), 0.0)


def gcj02_to_wgs84(xy: np.ndarray) -> np.ndarray:
    """The inverse, to 0.2 mm."""
    return _inverse(wgs84_to_gcj02, xy)


def wgs84_to_bd09(xy: np.ndarray) -> np.ndarray:
    """GCJ-02 turned once more, as one provider does."""
    return _gcj_to_bd(wgs84_to_gcj02(xy))


def bd09_to_wgs84(xy: np.ndarray) -> np.ndarray:
    """The inverse."""
    return gcj02_to_wgs84(_inverse(_gcj_to_bd, xy))


def _inverse(change, xy: np.ndarray) -> np.ndarray:
    guess = xy.copy()
    for _ in range(_STEPS):
        guess = xy - (change(guess) - guess)
    return guess


def _gcj_to_bd(xy: np.ndarray) -> np.ndarray:
    x, y = xy[:, 0], xy[:, 1]
    radius = np.hypot(x, y) + 2e-5 * np.sin(y * _BD)
    angle = np.arctan2(y, x) + 3e-6 * np.cos(x * _BD)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


def _inside(xy: np.ndarray) -> np.ndarray:
    return (xy[:, 0] > 72.004) & (xy[:, 0] < 137.8347) & (xy[:, 1] > 0.8293) & (xy[:, 1] < 55.8271)


def _shift(xy: np.ndarray) -> np.ndarray:
    x, y = xy[:, 0] - 105.0, xy[:, 1] - 35.0
    waves = (20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + waves
    north += (20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
    north += (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + waves
    east += (20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
    east += (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    lat = np.radians(xy[:, 1])
    magic = 1 - _EE * np.sin(lat) ** 2
    north = np.degrees(north / ((_A * (1 - _EE)) / (magic * np.sqrt(magic))))
    east = np.degrees(east / (_A / np.sqrt(magic) * np.cos(lat)))
    return np.column_stack([east, north])
