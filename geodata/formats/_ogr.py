"""What the formats read through GDAL share."""

from __future__ import annotations

from pathlib import Path

from layers.errors import BadEncoding, BadFile
from layers.later import later

pyogrio, ogr_errors = later("pyogrio"), later("pyogrio.errors")


def read_layer(path: Path, layer: str | None, encoding: str | None):
    """A layer as GeoDataFrame (DataFrame when it has no geometry). Raises BadFile naming file and layer."""
    try:
        layers = [str(entry[0]) for entry in pyogrio.list_layers(path)]
        if layer is None and len(layers) > 1:
            raise BadFile(f"{path.name} has several layers; name one with --source-layer: {', '.join(layers)}")
        if layer is not None and layer not in layers:
            raise BadFile(f"{path.name} has no layer {layer}; it has {', '.join(layers)}")
        return pyogrio.read_dataframe(path, layer=layer, encoding=encoding, on_invalid="fix")
    except (UnicodeDecodeError, LookupError) as error:
        raise BadEncoding(f"{path.name}: the text is not {encoding or 'in its stated encoding'} ({error}); name it with --encoding") from None
    except (ogr_errors.DataSourceError, ogr_errors.DataLayerError) as error:
        raise BadFile(f"{path.name} cannot be read: {str(error).replace(str(path), path.name)}") from None


def write_layer(frame, path: Path, layer: str, driver: str, **options) -> None:
    """Writes a layer; a frame without geometry becomes a table."""
    pyogrio.write_dataframe(frame, path, layer=layer, driver=driver, **options)
