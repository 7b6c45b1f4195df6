"""Vector tile bytes (Mapbox Vector Tile 2.1): whole arrays of features become one layer message, without a loop.

A layer body is thousands of varints of one to four bytes. They are laid out as rows of four bytes with a mask of the
bytes in use: one coordinate pair a row (a tile coordinate never needs more than two bytes), one number a row
elsewhere. Lengths are sums of masks; one `compress` at the end leaves the bytes that count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

EXTENT = 4096
Kind = Literal["point", "line", "polygon"]
TYPES: dict[Kind, int] = {"point": 1, "line": 2, "polygon": 3}
LARGEST_ID = (1 << 49) - 1
LARGEST_VALUE = 1 << 21  # a layer message holds at most that many attribute values

_MOVE_TO, _LINE_TO, _CLOSE = 1, 2, 15
_MORE = np.array([0, 0, 0x80, 0x8080, 0x808080], np.uint32)  # continuation bits of a varint of n bytes
_USED = np.array([0, 0x1, 0x101, 0x10101, 0x1010101], np.uint32)  # mask of n bytes


def varint(number: int) -> bytes:
    """A whole number >= 0, seven bits a byte, lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def message(tag: int, payload: bytes) -> bytes:
    """A length-delimited field: tag byte, length, payload."""
    return varint(tag) + varint(len(payload)) + payload


def text_value(text: str) -> bytes:
    """The attribute value of a text as an element of the layer's list of values."""
    return message(0x22, message(0x0A, text.encode()))


def int_value(number: int) -> bytes:
    """The attribute value of a whole number as an element of the layer's list of values."""
    number = int(number)
    return message(0x22, b"\x28" + varint(number) if number >= 0 else b"\x30" + varint(-2 * number - 1))


def encode_layer(name: str, keys: Sequence[str], values: Iterable[bytes], features: Iterable[bytes]) -> bytes:
    """One layer of a tile; layers joined one after the other are a tile. Empty when there are no features."""
    body = b"".join(features)
    if not body:
        return b""
    return message(0x1A, b"".join((
        message(0x0A, name.encode()), body, *(message(0x1A, key.encode()) for key in keys), *values,
        b"\x28", varint(EXTENT), b"\x78\x02")))


def encode_features(kind: Kind, fids: np.ndarray, tags: Sequence[np.ndarray], x: np.ndarray, y: np.ndarray,
                    sizes: np.ndarray, owner: np.ndarray) -> bytes:
    """The feature messages of F features, in their order.

    `fids` (F,) feature ids; `tags[k]` (F,) place of the value of key k, -1 where the feature has none; `x, y` int32
    tile coordinates, path after path; `sizes` (P,) points of each path (a ring without its closing point, a line, the
    points of a multipoint); `owner` (P,) the feature 0..F-1 of each path, rising, each feature at least once."""
    ends = np.cumsum(sizes)
    starts = ends - sizes
    leads = _firsts(owner)
    rows = sizes + _ROWS[kind]
    heads = 6 + len(tags) + bool(fids.max() >> 21)
    path_at = np.cumsum(rows) - rows + heads * (owner + 1)
    geometry_at = path_at[leads]
    feature_at = geometry_at - heads
    words = np.empty(int(rows.sum()) + heads * len(fids), np.uint32)
    masks = np.empty_like(words)

    pairs = _steps(x, y, starts[leads])
    point_at = np.arange(len(x)) + np.repeat(path_at - starts, sizes) + _POINTS[kind](starts, sizes, len(x))
    words[point_at], masks[point_at] = pairs
    _COMMANDS[kind](words, masks, path_at, sizes, rows)

    bounds = np.empty(2 * len(fids), np.intp)
    bounds[::2], bounds[1::2] = feature_at, geometry_at
    masks_used = (masks * np.uint32(0x01010101)) >> np.uint32(24)  # bytes in use of each row; heads are still unset
    lengths = np.add.reduceat(masks_used, bounds, dtype=np.int64)[1::2]
    for row, (word, mask) in enumerate(_heads(kind, fids, tags, lengths)):
        words[feature_at + row], masks[feature_at + row] = word, mask
    return words.view(np.uint8).take(np.flatnonzero(masks.view(bool))).tobytes()


def _heads(kind: Kind, fids: np.ndarray, tags: Sequence[np.ndarray], geometry: np.ndarray) -> list:
    """Rows before the geometry: tag and length of the feature, id, attributes, type, tag and length of the geometry."""
    ids = [_prefixed(0x08, fids & 0x1FFFFF)]
    if (high := fids >> 21).any():
        word, mask = ids[0]
        ids = [(np.where(high > 0, 0x80808008 | _spread(fids & 0x1FFFFF) << 8, word).astype(np.uint32),
                np.where(high > 0, _USED[4], mask)),
               tuple(np.where(high > 0, part, 0).astype(np.uint32) for part in _number(high))]
    pairs = [_pair(key, values) for key, values in enumerate(tags)]
    rows = [*ids, _prefixed(0x12, _bytes_in_use(pairs, len(fids))), *pairs,
            (np.uint32(0x220018 | TYPES[kind] << 8), np.uint32(0x00010101)), _number(geometry)]
    return [(np.uint32(0x12), np.uint32(1)), _number(_bytes_in_use(rows, len(fids)) + geometry), *rows]


def _bytes_in_use(rows: list, count: int) -> np.ndarray:
    total = np.zeros(count, np.int64)
    for _, mask in rows:
        total += np.bitwise_count(mask)
    return total


def _spread(values: np.ndarray) -> np.ndarray:
    """Groups of seven bits of numbers below 2^28, one group a byte."""
    v = values.astype(np.uint32)
    return v & 0x7F | (v & 0x3F80) << 1 | (v & 0x1FC000) << 2 | (v & 0xFE00000) << 3


def _number(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Word and mask of numbers below 2^28."""
    n = 1 + (values > 0x7F) + (values > 0x3FFF) + (values > 0x1FFFFF)
    return _spread(values) | _MORE[n], _USED[n]


def _prefixed(byte: int, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Word and mask of one byte followed by a number below 2^21."""
    word, mask = _number(values)
    return word << 8 | np.uint32(byte), mask << 8 | np.uint32(1)


def _pair(key: int, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Word and mask of a key and the place of its value; nothing where the place is -1."""
    word, mask = _prefixed(key, values)
    return word, np.where(values < 0, 0, mask).astype(np.uint32)


def _steps(x: np.ndarray, y: np.ndarray, resets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Word and mask of the steps from point to point, zigzag; at `resets` the step starts from (0, 0)."""
    packed = _zigzag(x, resets) | _zigzag(y, resets) << 16
    high = packed & 0x3F803F80
    two = (high + np.uint32(0x7F807F80)) >> 15 & 0x00010001  # lanes that need a second byte
    return packed & 0x007F007F | high << 1 | two << 7, np.uint32(0x00010001) | two << 8


def _zigzag(values: np.ndarray, resets: np.ndarray) -> np.ndarray:
    step = np.empty_like(values)
    np.subtract(values[1:], values[:-1], out=step[1:])
    step[resets] = values[resets]
    return (step << 1 ^ step >> 31).view(np.uint32)


def _firsts(owner: np.ndarray) -> np.ndarray:
    """Index of the first path of each feature."""
    new = np.ones(len(owner), bool)
    np.not_equal(owner[1:], owner[:-1], out=new[1:])
    return np.flatnonzero(new)


def _after_move(starts: np.ndarray, sizes: np.ndarray, total: int) -> np.ndarray:
    """Rows before each point of a path: MoveTo before the first, LineTo before the others."""
    rows = np.full(total, 2)
    rows[starts] = 1
    return rows


def _path_commands(words: np.ndarray, masks: np.ndarray, at: np.ndarray, sizes: np.ndarray, rows: np.ndarray) -> None:
    words[at], masks[at] = 1 << 3 | _MOVE_TO, 1
    words[at + 2], masks[at + 2] = _number(sizes - 1 << 3 | _LINE_TO)


def _ring_commands(words: np.ndarray, masks: np.ndarray, at: np.ndarray, sizes: np.ndarray, rows: np.ndarray) -> None:
    _path_commands(words, masks, at, sizes, rows)
    words[at + rows - 1], masks[at + rows - 1] = _CLOSE, 1


def _point_commands(words: np.ndarray, masks: np.ndarray, at: np.ndarray, sizes: np.ndarray, rows: np.ndarray) -> None:
    words[at], masks[at] = _number(sizes << 3 | _MOVE_TO)


_ROWS: dict[Kind, int] = {"point": 1, "line": 2, "polygon": 3}  # rows of a path beside its points
_POINTS = {"point": lambda starts, sizes, total: 1, "line": _after_move, "polygon": _after_move}
_COMMANDS = {"point": _point_commands, "line": _path_commands, "polygon": _ring_commands}
