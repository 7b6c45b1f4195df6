"""Base maps (底图): pictures or vector tiles below our own layers, from a file or fetched from another server by ours.

`source.py` says what one is. One file per kind: `mbtiles`, `pmtiles`, `geotiff`, `osm`, `remote` (XYZ and WMTS);
`recut` straightens pictures drawn in GCJ-02; `memory` keeps tiles; `shelf` owns all base maps of the settings.
"""

from .settings import Basemap
from .shelf import KINDS, SUFFIXES, Held, Shelf, prepared
from .source import Info, NotYet, Picture, Place

__all__ = ["KINDS", "SUFFIXES", "Basemap", "Held", "Info", "NotYet", "Picture", "Place", "Shelf", "prepared"]
