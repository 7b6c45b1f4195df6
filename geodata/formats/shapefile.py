"""Shapefile: the hand-over format of agencies. Zipped, with .cpg and .prj, ASCII field names, UTF-8 or GBK.

GDAL cuts field names at 10 bytes, in the middle of a Chinese character, and text at 254 bytes without a word
(`domain.md` 4.4): therefore names come from the schema, and texts that do not fit are refused before anything is written.
"""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from pathlib import Path

from layers.errors import BadEncoding, BadFile, BadInput
from layers.later import later

from ._ogr import read_layer, write_layer

geopandas = later("geopandas")

_LONGEST = 254
_LARGEST = 4 << 30
_KINDS = {"Point": "points", "LineString": "lines", "Polygon": "polygons"}
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
    _fits(frame, encoding)
    with tempfile.TemporaryDirectory() as folder:
        for name, part in _by_kind(frame, layer).items():
            shp = Path(folder) / f"{name}.shp"
            write_layer(part, shp, name, "ESRI Shapefile", encoding=encoding)
            shp.with_suffix(".cpg").write_text(encoding, encoding="ascii")
            if part.crs is not None:
                shp.with_suffix(".prj").write_text(part.crs.to_wkt("WKT1_ESRI"), encoding="ascii", errors="replace")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for file in sorted(Path(folder).iterdir()):
                archive.write(file, file.name)


def _by_kind(frame, layer: str) -> dict[str, geopandas.GeoDataFrame]:
    """File name -> rows: a Shapefile holds one kind of geometry."""
    kinds = frame.geom_type.str.replace("Multi", "").replace("LinearRing", "LineString")
    present = [kind for kind in _KINDS if (kinds == kind).any()]
    if len(present) < 2:
        return {layer: frame}
    return {f"{layer}_{_KINDS[kind]}": frame[(kinds == kind) | (kinds.isna() & (kind == present[0]))] for kind in present}


def _fits(frame, encoding: str) -> None:
    for name in frame.columns:
        for row, value in enumerate(frame[name]):
            if not isinstance(value, str):
                continue
            try:
                size = len(value.encode(encoding))
            except UnicodeEncodeError:
                raise BadEncoding(f"row {row + 1}, {name}: {value!r} cannot be written in {encoding}; choose UTF-8") from None
            if size > _LONGEST:
                raise BadInput(f"row {row + 1}, {name}: the text needs {size} bytes, a Shapefile holds {_LONGEST}")
