"""KML 2.2, written and read by ourselves: the driver at hand gives no attributes back but name and description."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import shapely

from layers.errors import BadFile
from layers.later import later

geopandas, pandas = later("geopandas"), later("pandas")

NAMESPACE = "http://www.opengis.net/kml/2.2"
_TITLES = ("name", "text", "code")  # the first of these fields is what a map shows beside the shape
_CONTROL = dict.fromkeys(range(32))  # signs that XML cannot hold
for _kept in (9, 10, 13):
    del _CONTROL[_kept]


def write(frame, path: Path, layer: str, encoding: str) -> None:
    """One folder of the name `layer`; every field of a row is a SimpleData of its type."""
    fields = [(str(name), _type(frame[name])) for name in frame.columns if name != frame.geometry.name]
    columns = [frame[name].tolist() for name, _ in fields]
    title = next((name for name in _TITLES if name in frame), None)
    titles = frame[title].tolist() if title else [None] * len(frame)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="{NAMESPACE}"><Document id="root_doc">\n<Schema name={quoteattr(layer)} '
                   f'id={quoteattr(layer)}>')
        file.writelines(f'<SimpleField name={quoteattr(name)} type="{kind}"/>' for name, kind in fields)
        file.write(f"</Schema>\n<Folder><name>{escape(layer)}</name>\n")
        for row, shape in enumerate(np.asarray(frame.geometry, dtype=object)):
            values = (f"<SimpleData name={quoteattr(name)}>{_text(column[row])}</SimpleData>"
                      for (name, _), column in zip(fields, columns, strict=True) if not _is_nothing(column[row]))
            name = "" if _is_nothing(titles[row]) else f"<name>{_text(titles[row])}</name>"
            file.write(f'<Placemark>{name}<ExtendedData><SchemaData schemaUrl={quoteattr("#" + layer)}>{"".join(values)}</SchemaData>'
                       f"</ExtendedData>{_shape(shape)}</Placemark>\n")
        file.write("</Folder></Document></kml>\n")


def read(path: Path, layer: str | None, encoding: str | None):
    """The placemarks of all folders; fields as text, coordinates in degrees (WGS 84)."""
    rows, shapes = [], []
    try:
        for _, node in ElementTree.iterparse(path):
            if _tag(node) == "Placemark":
                rows.append(_fields(node))
                shapes.append(_geometry(node))
                node.clear()
    except (ElementTree.ParseError, ValueError, shapely.errors.GEOSException) as error:
        raise BadFile(f"{path.name} cannot be read as KML: {error}") from None
    if not rows:
        raise BadFile(f"{path.name} holds no placemark")
    names = dict.fromkeys(name for row in rows for name in row)
    frame = pandas.DataFrame({name: pandas.Series([row.get(name) for row in rows], dtype=object) for name in names})
    return geopandas.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")


# ---- out ---------------------------------------------------------------------------------------------------------------
def _type(values) -> str:
    if pandas.api.types.is_integer_dtype(values.dtype):
        return "int"
    return "double" if pandas.api.types.is_float_dtype(values.dtype) else "string"


def _is_nothing(value) -> bool:
    return value is None or value is pandas.NA or (isinstance(value, float) and value != value)


def _text(value) -> str:
    return escape(str(value).translate(_CONTROL))


def _shape(shape) -> str:
    if shape is None or shape.is_empty:
        return ""
    parts = [_part(part) for part in shapely.get_parts(shape)]
    return parts[0] if len(parts) == 1 else f"<MultiGeometry>{''.join(parts)}</MultiGeometry>"


def _part(part) -> str:
    if part.geom_type != "Polygon":
        return f"<{part.geom_type}><coordinates>{_coordinates(part)}</coordinates></{part.geom_type}>"
    ring = "<LinearRing><coordinates>{}</coordinates></LinearRing>".format
    inner = "".join(f"<innerBoundaryIs>{ring(_coordinates(hole))}</innerBoundaryIs>" for hole in part.interiors)
    return f"<Polygon><outerBoundaryIs>{ring(_coordinates(part.exterior))}</outerBoundaryIs>{inner}</Polygon>"


def _coordinates(line) -> str:
    """7 decimals: the grid of the store, so that vertices come back exactly."""
    return " ".join(["%.7f,%.7f" % (x, y) for x, y in shapely.get_coordinates(line).tolist()])  # noqa: UP031  half the time


# ---- in ----------------------------------------------------------------------------------------------------------------
def _tag(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _below(node: ElementTree.Element, *tags: str) -> Iterator[ElementTree.Element]:
    return (one for one in node.iter() if _tag(one) in tags)


def _fields(mark: ElementTree.Element) -> dict[str, str]:
    """SimpleData and Data by name; the title and description where no field is called so."""
    found = {node.get("name", ""): (node.text or "").strip() for node in _below(mark, "SimpleData")}
    found |= {node.get("name", ""): "".join(value.text or "" for value in _below(node, "value")).strip() for node in _below(mark, "Data")}
    for node in mark:
        if _tag(node) in ("name", "description") and _tag(node) not in found and not found and node.text:
            found[_tag(node)] = node.text.strip()
    return {name: value for name, value in found.items() if name and value}


def _geometry(mark: ElementTree.Element):
    parts = [part for node in mark for part in _parts(node)]
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    kinds = {part.geom_type for part in parts}
    several = {"Polygon": shapely.MultiPolygon, "LineString": shapely.MultiLineString, "Point": shapely.MultiPoint}
    return several[kinds.pop()](parts) if len(kinds) == 1 else shapely.GeometryCollection(parts)


def _parts(node: ElementTree.Element) -> Iterable:
    kind = _tag(node)
    if kind == "MultiGeometry":
        return [part for one in node for part in _parts(one)]
    if kind == "Polygon":
        rings = {side: [_points(ring) for one in _below(node, side) for ring in _below(one, "coordinates")]
                 for side in ("outerBoundaryIs", "innerBoundaryIs")}
        return [shapely.Polygon(rings["outerBoundaryIs"][0], rings["innerBoundaryIs"])] if rings["outerBoundaryIs"] else []
    if kind in ("Point", "LineString", "LinearRing"):
        points = [_points(one) for one in _below(node, "coordinates")]
        return [shapely.Point(one[0]) if kind == "Point" else shapely.LineString(one) for one in points if one]
    return []


def _points(node: ElementTree.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y, *_ in (place.split(",") for place in (node.text or "").split())]
