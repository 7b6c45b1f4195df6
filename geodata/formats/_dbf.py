"""The table of a Shapefile (dBASE III), written column by column: 330,000 rows take a second, row by row they take ten.

Widths are what the values need, so nothing is ever cut; what does not fit is told by row and field."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator

import numpy as np

from layers.errors import BadEncoding, BadInput
from layers.later import later

pandas = later("pandas")

LONGEST = 254  # bytes of a text
LANGUAGE = {"UTF-8": 0, "GBK": 0x4D}  # the driver byte; GIS of the trade believe it before the .cpg file
MOST_TOLD = 20  # rows named in one refusal
_BLANK, _ZERO, _POINT, _MINUS = 32, 48, 46, 45
_DIGITS = 18  # of a whole number that every reader takes
_AT_ONCE = 20_000  # rows put together at a time
_POWERS = 10 ** np.arange(1, _DIGITS + 1, dtype=np.int64)


class Table:
    """All cells of a frame without geometry, as bytes. Public: record (bytes of a row), blocks."""

    def __init__(self, frame, encoding: str):
        names = [str(name) for name in frame.columns]
        wrong = [name for name in names if not name.isascii() or not 1 <= len(name) <= 10]
        if wrong or len({name.upper() for name in names}) < len(names):
            raise BadInput(f"field names of a Shapefile are different, ASCII and at most 10 letters: {', '.join(wrong or names)}")
        self.language, self.rows = LANGUAGE.get(encoding, 0), len(frame)
        self._columns = [(name, *_column(name, frame[name], encoding)) for name in names]
        if not self._columns:  # a table has at least one field
            self._columns = [("ID", "N", 0, _numbers(np.arange(1, self.rows + 1), np.zeros(self.rows, bool), 0))]
        self.record = 1 + sum(cells.shape[1] for *_, cells in self._columns)

    def blocks(self, start: int, end: int) -> Iterator[bytes | memoryview]:
        """The file of the rows from `start` up to `end`, block by block."""
        head = [struct.pack("<11s1s4xBB14x", name.encode("ascii"), kind.encode("ascii"), cells.shape[1], decimals)
                for name, kind, decimals, cells in self._columns]
        today = time.gmtime()
        yield struct.pack("<4BIHH17xB2x", 3, today.tm_year - 1900, today.tm_mon, today.tm_mday, end - start, 33 + 32 * len(head), self.record,
                          self.language) + b"".join(head) + b"\r"
        for first in range(start, end, _AT_ONCE):
            last = min(first + _AT_ONCE, end)
            records = np.full((last - first, self.record), _BLANK, np.uint8)
            place = 1
            for *_, cells in self._columns:
                records[:, place:place + cells.shape[1]] = cells[first:last]
                place += cells.shape[1]
            yield memoryview(records).cast("B")
        yield b"\x1a"


def _column(name: str, values, encoding: str) -> tuple[str, int, np.ndarray]:
    """Type, decimals and cells. Numbers and booleans by their type, everything else as text."""
    missing = values.isna().to_numpy().copy()
    kind = pandas.api.types.infer_dtype(values, skipna=True) if values.dtype == object else None
    if kind in ("boolean", "integer", "floating", "mixed-integer-float") or pandas.api.types.is_numeric_dtype(values.dtype):
        whole = kind in ("boolean", "integer") or pandas.api.types.is_integer_dtype(values.dtype) or pandas.api.types.is_bool_dtype(values.dtype)
        plain = np.where(missing, 0, values.to_numpy(dtype=object)).astype(np.int64 if whole else np.float64)
        if whole:
            return "N", 0, _numbers(plain, missing, 0, least=1 if kind == "boolean" else 9)
        missing |= ~np.isfinite(plain)
        return _floats(np.where(missing, 0.0, plain), missing)
    return "C", 0, _texts(name, values, missing, encoding)


def _texts(name: str, values, missing: np.ndarray, encoding: str) -> np.ndarray:
    """Each different text is encoded once."""
    place, known = pandas.factorize(values)
    texts = [value if isinstance(value, str) else str(value) for value in known]
    wrong: dict[int, tuple[str, str]] = {}
    encoded = []
    for number, text in enumerate(texts):
        try:
            encoded.append(text.encode(encoding))
        except UnicodeEncodeError:
            encoded.append(b"")
            wrong[number] = text, "".join(dict.fromkeys(sign for sign in text if not _known(sign, encoding)))
    if wrong:
        _refuse_signs(name, place, wrong, encoding)
    long = {number for number, text in enumerate(encoded) if len(text) > LONGEST}
    if long:
        rows = [row for row, number in enumerate(place.tolist()) if number in long]
        first = rows[0]
        raise BadInput(f"row {first + 1}, {name}: the text needs {len(encoded[place[first]])} bytes, a Shapefile holds {LONGEST}"
                       + _more(rows), rows=[{"row": row + 1, "field": name, "bytes": len(encoded[place[row]])} for row in rows[:MOST_TOLD]])
    width = max([1, *map(len, encoded)])
    cells = np.array([*encoded, b""], dtype=f"S{width}").view(np.uint8).reshape(-1, width)
    cells = np.where(cells == 0, _BLANK, cells).astype(np.uint8)
    return cells[np.where(missing, len(texts), place)]


def _refuse_signs(name: str, place: np.ndarray, wrong: dict[int, tuple[str, str]], encoding: str) -> None:
    rows = [row for row, number in enumerate(place.tolist()) if number in wrong]
    told = [{"row": row + 1, "field": name, "text": wrong[place[row]][0], "characters": wrong[place[row]][1]} for row in rows[:MOST_TOLD]]
    one = told[0]
    raise BadEncoding(f"row {one['row']}, {name}: {one['characters']!r} of {one['text']!r} cannot be written in {encoding}; choose UTF-8"
                      + _more(rows), rows=told)


def _more(rows: list[int]) -> str:
    return f" ({len(rows)} rows, among them {', '.join(str(row + 1) for row in rows[1:6])})" if len(rows) > 1 else ""


def _known(sign: str, encoding: str) -> bool:
    try:
        return bool(sign.encode(encoding)) or True
    except UnicodeEncodeError:
        return False


def _floats(values: np.ndarray, missing: np.ndarray) -> tuple[str, int, np.ndarray]:
    """As many decimals as bring every value back exactly, at least two."""
    for decimals in range(2, 10):
        scaled = np.round(values * 10.0**decimals)
        if np.abs(scaled).max(initial=0) >= 2**53:
            break
        if np.array_equal(scaled / 10.0**decimals, values):
            return "N", decimals, _numbers(scaled.astype(np.int64), missing, decimals)
    texts = [b"" if gone else np.format_float_positional(value, unique=True, trim="0").encode("ascii")
             for value, gone in zip(values.tolist(), missing.tolist(), strict=True)]
    decimals = min(15, max((len(text.partition(b".")[2]) for text in texts), default=1))
    texts = [text if len(text) <= 24 else b"%.15e" % value for text, value in zip(texts, values.tolist(), strict=True)]
    width = max([1, *map(len, texts)])
    cells = np.array([text.rjust(width) for text in texts], dtype=f"S{width}").view(np.uint8).reshape(-1, width)
    return "N", min(decimals, width - 2), cells


def _numbers(scaled: np.ndarray, missing: np.ndarray, decimals: int, least: int = 1) -> np.ndarray:
    """Whole numbers, the last `decimals` digits behind a point, flush right, blank where missing."""
    rest = np.abs(scaled).astype(np.int64)
    shown = np.maximum(np.searchsorted(_POWERS, rest, side="right") + 1, decimals + 1)
    most = int(shown.max(initial=1))
    below = scaled < 0
    width = max(most + (decimals > 0) + bool(below.any()), least)
    cells = np.full((len(rest), width), _BLANK, np.uint8)
    place = width - 1
    for digit in range(most):
        if digit == decimals and decimals:
            cells[:, place] = _POINT
            place -= 1
        rest, last = np.divmod(rest, 10)
        cells[:, place] = np.where(digit < shown, _ZERO + last, _BLANK)
        place -= 1
    signed = np.flatnonzero(below)
    cells[signed, width - 1 - shown[signed] - (decimals > 0)] = _MINUS
    cells[missing] = _BLANK
    return cells
