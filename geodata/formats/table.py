"""Tables: CSV (UTF-8, GB18030 or Big5, geometry as WKT or lon/lat columns) and Excel (read by calamine, written by openpyxl)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import shapely
from python_calamine import CalamineError, CalamineWorkbook

from layers.errors import BadEncoding, BadFile, BadGeometry
from layers.later import later

geopandas = later("geopandas")
pandas = later("pandas")

ENCODINGS = ("utf-8-sig", "gb18030", "big5")
_LON, _LAT = ("lon", "lng", "longitude", "经度", "x"), ("lat", "latitude", "纬度", "y")
_WKT = ("wkt", "geometry", "geom")
_CELL = 32_767  # characters an Excel cell holds


def read_csv(path: Path, layer: str | None, encoding: str | None):
    """Rows as text; a geometry when there is a `wkt` column or `lon` and `lat` (WGS84 unless stated)."""
    for candidate in ([encoding] if encoding else ENCODINGS):
        try:
            with path.open(encoding=candidate, newline="") as file:
                sample = file.read(65536)
                file.seek(0)
                csv.field_size_limit(1 << 28)
                rows = list(csv.reader(file, delimiter=_delimiter(sample)))
            return _with_geometry(_frame(rows, path.name), path.name)
        except UnicodeDecodeError:
            continue
        except (LookupError, csv.Error) as error:
            raise BadFile(f"{path.name}: {error}") from None
    raise BadEncoding(f"{path.name}: the text is not {encoding or 'UTF-8, GB18030 or Big5'}; name its encoding with --encoding")


def read_xlsx(path: Path, layer: str | None, encoding: str | None):
    """One sheet as text; the first when none is named. Empty rows are left out."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        if layer is not None and layer not in book.sheet_names:
            raise BadFile(f"{path.name} has no sheet {layer}; it has {', '.join(book.sheet_names)}")
        cells = book.get_sheet_by_name(layer or book.sheet_names[0]).to_python(skip_empty_area=True)
    except (CalamineError, OSError) as error:
        raise BadFile(f"{path.name} is not an Excel file: {error}") from None
    rows = [[_text(cell) for cell in row] for row in cells]
    return _with_geometry(_frame([row for row in rows if any(row)], path.name), path.name)


def write_csv(frame, path: Path, layer: str, encoding: str) -> None:
    """Commas, UTF-8 with a byte order mark so that Excel shows Chinese; geometry as WKT, 7 decimals."""
    _flat(frame).to_csv(path, index=False, encoding="utf-8-sig", quoting=csv.QUOTE_MINIMAL)


def write_xlsx(frame, path: Path, layer: str, encoding: str) -> None:
    """One sheet of the name `layer`; geometry as WKT, left out where it is longer than a cell holds."""
    flat = _flat(frame)
    if "wkt" in flat:
        flat["wkt"] = flat["wkt"].where(flat["wkt"].str.len() <= _CELL)
    flat.to_excel(path, index=False, sheet_name=layer[:31], engine="openpyxl")


def _flat(frame):
    if not isinstance(frame, geopandas.GeoDataFrame):
        return frame
    flat = pandas.DataFrame(frame.drop(columns=frame.geometry.name))
    flat["wkt"] = shapely.to_wkt(np.asarray(frame.geometry), rounding_precision=7, trim=True)
    return flat


def _delimiter(sample: str) -> str:
    first = sample.splitlines()[0] if sample else ""
    return max((",", ";", "\t"), key=first.count)


def _frame(rows: list[list[str]], name: str) -> pandas.DataFrame:
    if not rows or not any(rows[0]):
        raise BadFile(f"{name} is empty")
    head = [cell.strip() for cell in rows[0]]
    twice = sorted({column for column in head if head.count(column) > 1})
    if twice:
        raise BadFile(f"{name}: a column name stands twice: {', '.join(twice)}")
    for number, row in enumerate(rows[1:], 2):
        if any(row[len(head):]):
            raise BadFile(f"{name}: row {number} has {len(row)} cells, the head has {len(head)}")
    body = [[cell or None for cell in (row + [""] * len(head))[:len(head)]] for row in rows[1:] if any(row)]
    return pandas.DataFrame(body, columns=head, dtype=object)


def _text(cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _with_geometry(frame: pandas.DataFrame, name: str):
    lower = {column.lower(): column for column in frame.columns}
    wkt = next((lower[key] for key in _WKT if key in lower), None)
    lon, lat = (next((lower[key] for key in keys if key in lower), None) for keys in (_LON, _LAT))
    if wkt:
        shapes = shapely.from_wkt(frame[wkt].to_numpy(dtype=object), on_invalid="ignore")
        for row, (text, shape) in enumerate(zip(frame[wkt], shapes), 2):
            if text and shape is None:
                raise BadGeometry(f"{name}: row {row}: {wkt} is not WKT")
        frame = frame.drop(columns=wkt)
    elif lon and lat:
        try:
            x, y = (frame[column].astype(float).to_numpy() for column in (lon, lat))
        except (TypeError, ValueError) as error:
            raise BadGeometry(f"{name}: {lon} and {lat} must be numbers ({error})") from None
        shapes = shapely.points(x, y)
        shapes[np.isnan(x) | np.isnan(y)] = None
        frame = frame.drop(columns=[lon, lat])
    else:
        return frame
    return geopandas.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")
