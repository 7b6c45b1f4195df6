"""Shapefile: the hand-over format of agencies. Zipped, with .cpg and .prj, ASCII field names, UTF-8 or GBK.

GDAL cuts field names at 10 bytes, in the middle of a Chinese character, and text at 254 bytes without a word
(`domain.md` 4.4): therefore names come from the schema, and texts that do not fit are refused before anything is written.
Many readers end at 2 GB a file, so what is larger lies in several Shapefiles.
"""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from layers.errors import BadEncoding, BadFile, BadInput

from ._dbf import Table
from ._ogr import read_layer
from ._shp import Shapes

_LARGEST = 4 << 30
LARGEST_PART = 1_900_000_000  # bytes of one file
_NAMES = {"points": (0,), "lines": (1, 5), "polygons": (3, 6)}  # with the type ids of shapely
_LANGUAGES = {0x4D: "gbk", 0x4F: "big5"}  # dBASE language driver byte


def read(path: Path, layer: str | None, encoding: str | None):
    """The shapes of a .shp or a .zip that holds one. Encoding: as stated, else .cpg, language byte, UTF-8, GB18030."""
    if path.suffix.lower() != ".zip":
        return _read_shp(path, encoding)
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            stem = _only(path, archive, layer)[:-4]
            for entry in archive.infolist():
                if entry.filename.startswith(stem + ".") and entry.file_size < _LARGEST:
                    (Path(folder) / Path(entry.filename).name).write_bytes(archive.read(entry))
            return _read_shp(Path(folder) / f"{Path(stem).name}.shp", encoding)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadFile(f"{path.name} is not a whole zip file: {error}") from None


def _only(path: Path, archive: zipfile.ZipFile, layer: str | None) -> str:
    names = [name for name in archive.namelist() if name.lower().endswith(".shp") and not name.startswith("__MACOSX")]
    if layer is not None:
        names = [name for name in names if Path(name).stem == layer]
    if len(names) != 1:
        choice = f"; name one with --source-layer: {', '.join(Path(name).stem for name in names)}" if names else ""
        raise BadFile(f"{path.name} holds {len(names)} shapefiles{choice}")
    return names[0]


def _read_shp(path: Path, encoding: str | None):
    missing = [suffix for suffix in (".shp", ".shx", ".dbf")
               if not path.with_suffix(suffix).exists() and not path.with_suffix(suffix.upper()).exists()]
    if missing:
        raise BadFile(f"{path.name}: {' and '.join(missing)} is missing; ask the sender for all files of the Shapefile")
    if encoding:
        return read_layer(path, None, encoding)
    for candidate in _candidates(path):
        try:
            return read_layer(path, None, candidate)
        except BadEncoding:
            continue
    raise BadEncoding(f"{path.name}: the text is neither UTF-8 nor GB18030; name its encoding with --encoding")


def _candidates(path: Path) -> list[str]:
    stated = path.with_suffix(".cpg")
    first = stated.read_text(encoding="ascii", errors="ignore").strip() if stated.exists() else None
    with path.with_suffix(".dbf").open("rb") as file:
        header = file.read(30)
    language = _LANGUAGES.get(header[29]) if len(header) == 30 else None
    return [name for name in (first, language, "utf-8", "gb18030") if name]


def write(frame, path: Path, layer: str, encoding: str) -> None:
    """A zip with one Shapefile of the name `layer`; points, lines and polygons of a mixed layer lie in one each. Raises
    BadInput naming row and field when a text does not fit, and BadEncoding when it cannot be written in `encoding`."""
    parts = members(frame, layer, encoding)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, blocks in parts:
            with archive.open(name, "w") as file:
                for block in blocks:
                    file.write(block)


def members(frame, layer: str, encoding: str, ground: Ground | None = None) -> list[tuple[str, Iterable[Any]]]:
    """The files as (name, blocks of bytes); nothing is put on a disk. `ground` are the shapes where the frame has none.
    Raises BadInput and BadEncoding."""
    if ground is not None:
        return _files(layer, Table(frame, encoding), Shapes.of_rings(ground.xy, ground.rings, ground.parts), ground.crs, encoding)
    table, shapes = frame.drop(columns=frame.geometry.name), np.asarray(frame.geometry, dtype=object)
    cells = Table(table, encoding)
    return [file for name, some in _by_kind(shapes, layer).items()
            for file in (_files(name, cells, Shapes(shapes), frame.crs, encoding) if some is None
                         else _files(name, Table(table[some], encoding), Shapes(shapes[some]), frame.crs, encoding))]


@dataclass(frozen=True, slots=True)
class Ground:
    """Many polygons as flat arrays: coordinates, where rings begin, where the rings of each shape begin; and their CRS."""

    xy: np.ndarray
    rings: np.ndarray
    parts: np.ndarray
    crs: Any


def _files(name: str, table: Table, shapes: Shapes, crs: Any, encoding: str) -> list[tuple[str, Iterable[Any]]]:
    made, projection = [], None if crs is None else crs.to_wkt("WKT1_ESRI").encode("ascii", errors="replace")
    cuts = _cuts(shapes.sizes, table.record)
    for number, (start, end) in enumerate(zip(cuts, cuts[1:]), 1):
        stem = name if len(cuts) == 2 else f"{name}_{number}"
        made += [(f"{stem}.shp", shapes.blocks(start, end)), (f"{stem}.shx", [shapes.index(start, end)]),
                 (f"{stem}.dbf", table.blocks(start, end)), (f"{stem}.cpg", [encoding.encode("ascii")])]
        made += [(f"{stem}.prj", [projection])] if projection is not None else []
    return made


def _by_kind(shapes: np.ndarray, layer: str) -> dict[str, np.ndarray | None]:
    """File name -> which rows (None = all): a Shapefile holds one kind of geometry; rows without one go with the first."""
    kinds = shapely.get_type_id(shapes)
    other = shapes[~np.isin(kinds, (-1, *(kind for some in _NAMES.values() for kind in some)))]
    if len(other):
        raise BadInput(f"{layer}: a Shapefile of ours holds points, lines and polygons, no {other[0].geom_type}")
    present = {name: np.isin(kinds, some) for name, some in _NAMES.items() if np.isin(kinds, some).any()}
    if len(present) < 2:
        return {layer: None}
    first = next(iter(present))
    return {f"{layer}_{name}": here | ((kinds == -1) & (name == first)) for name, here in present.items()}


def _cuts(sizes: np.ndarray, record: int) -> list[int]:
    """Rows at which one file ends and the next begins, so that none is larger than LARGEST_PART."""
    cuts, most = [0], max(1, LARGEST_PART // record)
    ends = np.cumsum(sizes)
    while cuts[-1] < len(sizes):
        before = int(ends[cuts[-1] - 1]) if cuts[-1] else 0
        fit = int(np.searchsorted(ends, before + LARGEST_PART, side="right"))
        cuts.append(max(cuts[-1] + 1, min(fit, cuts[-1] + most, len(sizes))))
    return cuts if len(cuts) > 1 else [0, 0]
