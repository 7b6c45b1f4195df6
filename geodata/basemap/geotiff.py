"""Base maps from a GeoTIFF of any CRS: each tile is warped from the file when it is asked for, overviews first."""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioError
from rasterio.transform import from_bounds
from rasterio.vrt import WarpedVRT
from rasterio.warp import calculate_default_transform, transform_bounds

from layers.errors import BadFile

from .png import encode
from .settings import DEEPEST, Basemap
from .source import WORLD, Info, Picture, Place, Progress, file_of

ROUND_THE_WORLD_M = 2 * math.pi * 6378137  # side of the web-mercator square
_MERCATOR = "EPSG:3857"
_ZOOMS_WITHOUT_OVERVIEWS = 2  # further out, one tile would read a large part of the file
_SMALL = 4096 * 4096  # pixels: such a file may be read for any tile
_SAMPLE = 512  # pixels a side from which the contrast of a file that is not 8-bit is found
_SMALLER = 2.2  # so many pixels of the file to one of the tile: more would be seen as grain
_CACHE_MB = 64  # decoded blocks GDAL keeps


class GeoTiff:
    """Owns handles of the file and its overviews for each thread that asks. Public: info, tile, close."""

    def __init__(self, path: Path, setting: Basemap):
        self.path, self.size = path, setting.tile_size
        self._local, self._open, self._turn = threading.local(), [], threading.Lock()
        try:
            with _gdal():
                self.info = self._read_info(self._data())
                self._look = _Look(self._data())
        except (RasterioError, ValueError, OSError) as error:
            self.close()
            raise BadFile(f"{path.name}: no GeoTIFF that can be read ({_words(error, path)})") from None

    def tile(self, z: int, x: int, y: int) -> Picture | None:
        """The tile, PNG; transparent where the file has no ground. Raises BadFile."""
        bounds = tile_bounds_m(z, x, y)
        west, south, east, north = self._extent
        if bounds[0] >= east or bounds[2] <= west or bounds[1] >= north or bounds[3] <= south:
            return None
        try:
            with _gdal():
                pixels = self._warped(bounds)
        except (RasterioError, ValueError, OSError) as error:
            raise BadFile(f"{self.path.name}: {_words(error, self.path)}") from None
        if not pixels[..., 3].any():
            return None
        return Picture(encode(pixels[..., :3] if (pixels[..., 3] == 255).all() else pixels), "image/png")

    def close(self) -> None:
        """Closes every handle."""
        with self._turn:
            while self._open:
                with suppress(RasterioError):
                    self._open.pop().close()
            self._local = threading.local()

    def _warped(self, bounds: tuple[float, float, float, float]) -> np.ndarray:
        """(size, size, 4) of the ground in bounds (metres of EPSG:3857), from the coarsest overview that is still finer.
        Where none is near, a finer view is warped and read smaller."""
        side = bounds[2] - bounds[0]
        wanted = side / self.size / self._metres  # pixels of the file for one of the tile
        level = max((level for level, factor in enumerate(self._factors) if factor <= wanted), default=-1)
        left = wanted / (self._factors[level] if level >= 0 else 1)
        data, fine = self._data(level), self.size if left <= _SMALLER else round(self.size * left)
        view = {"crs": _MERCATOR, "transform": from_bounds(*bounds, fine, fine), "width": fine, "height": fine,
                "resampling": self._look.resampling, "add_alpha": not self._look.alpha, "src_crs": data.crs}
        if data.nodata is not None:
            view |= {"src_nodata": data.nodata, "nodata": data.nodata}
        with WarpedVRT(data, **view) as warped:
            # Not warped.dataset_mask(): read smaller than it is, it takes twenty times as long as the bands.
            bands = [*self._look.bands, self._look.alpha or warped.count]
            read = warped.read(bands, out_shape=(len(bands), self.size, self.size), resampling=self._look.resampling)
            return self._look.colours(read[:-1], read[-1])

    def _data(self, level: int = -1) -> rasterio.DatasetReader:
        """This thread's handle of the file (-1) or of one of its overviews."""
        handles = self._local.__dict__
        if level not in handles:
            more = {"overview_level": level} if level >= 0 else {}
            data = rasterio.open(self.path, driver="GTiff", **more)  # no other format: some of them fetch further files
            with self._turn:
                self._open.append(data)
            handles[level] = data
        return handles[level]

    def _read_info(self, data: rasterio.DatasetReader) -> Info:
        if data.crs is None:
            raise ValueError("it names no coordinate system")
        if data.transform.is_identity and not data.gcps[0]:
            raise ValueError("it says nowhere where it lies")
        transform, width, height = calculate_default_transform(data.crs, _MERCATOR, data.width, data.height, *data.bounds)
        self._metres = transform.a  # of web mercator, a pixel
        self._extent = (transform.c, transform.f + height * transform.e, transform.c + width * transform.a, transform.f)
        pixel_zoom = math.log2(ROUND_THE_WORLD_M / self.size / self._metres)
        high = min(max(math.ceil(pixel_zoom - 0.25), 0), DEEPEST)
        self._factors = data.overviews(1)  # rising
        coarser = max(self._factors, default=1)
        low = 0 if data.width * data.height <= _SMALL else pixel_zoom - math.log2(coarser) - _ZOOMS_WITHOUT_OVERVIEWS
        west, south, east, north = transform_bounds(data.crs, "EPSG:4326", *data.bounds)
        status = self.path.stat()
        return Info("raster", min(max(math.ceil(low), 0), high), high,
                    (max(west, -180.0), max(south, WORLD[1]), min(east, 180.0), min(north, WORLD[3])), self.size,
                    version=f"{status.st_size:x}-{status.st_mtime_ns:x}-{self.size}")


class _Look:
    """How the bands of a file become colours."""

    def __init__(self, data: rasterio.DatasetReader):
        interp = data.colorinterp
        self.alpha = interp.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in interp else 0  # its band, 0: none
        self.palette = None
        if interp[0] == ColorInterp.palette:
            self.palette = np.zeros((256, 3), np.uint8)
            for number, colour in data.colormap(1).items():
                if number < 256:
                    self.palette[number] = colour[:3]
        colours = [interp.index(one) + 1 for one in (ColorInterp.red, ColorInterp.green, ColorInterp.blue) if one in interp]
        plain = [band for band in data.indexes if interp[band - 1] != ColorInterp.alpha]
        self.bands = colours if len(colours) == 3 else plain[:3] if len(plain) >= 3 else plain[:1]
        self.resampling = Resampling.nearest if self.palette is not None else Resampling.bilinear
        self.low, self.high = (0.0, 255.0) if data.dtypes[0] == "uint8" else self._contrast(data)

    def colours(self, bands: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """(height, width, 4) of (bands, height, width) and a mask."""
        out = np.empty((*mask.shape, 4), np.uint8)
        if self.palette is not None:
            out[..., :3] = self.palette[bands[0]]
        else:
            if bands.dtype != np.uint8:
                scaled = (np.nan_to_num(bands.astype(np.float32)) - self.low) * (255 / (self.high - self.low))
                bands = np.clip(scaled, 0, 255).astype(np.uint8)
            out[..., :3] = np.moveaxis(bands, 0, -1)
        out[..., 3] = mask if mask.dtype == np.uint8 else np.where(mask > 0, 255, 0)
        return out

    def _contrast(self, data: rasterio.DatasetReader) -> tuple[float, float]:
        """What is black and what is white: the values below and above which 2 % of a small sample lie."""
        shape = tuple(min(side, _SAMPLE) for side in (data.height, data.width))
        sample = data.read(self.bands, out_shape=(len(self.bands), *shape), masked=True)
        values = sample.compressed()
        values = values[np.isfinite(values)]
        low, high = np.percentile(values, (2, 98)) if len(values) else (0, 1)
        return float(low), float(high if high > low else low + 1)


def tile_bounds_m(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """(west, south, east, north) of a tile in metres of EPSG:3857."""
    side, edge = ROUND_THE_WORLD_M / (1 << z), ROUND_THE_WORLD_M / 2
    return x * side - edge, edge - (y + 1) * side, (x + 1) * side - edge, edge - y * side


def _words(error: Exception, path: Path) -> str:
    """What GDAL says, without the folders of this machine."""
    return str(error).replace(str(path), path.name)[:200]


def _gdal() -> rasterio.Env:
    return rasterio.Env(GDAL_CACHEMAX=_CACHE_MB)


def open_base(setting: Basemap, place: Place, progress: Progress) -> GeoTiff:
    """The file of the settings. Raises BadFile."""
    return GeoTiff(file_of(setting, place), setting)
