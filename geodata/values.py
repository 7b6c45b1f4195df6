"""One cell of a file or form in the type of its field: what fits neither store is refused by name."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import numpy as np

from layers.errors import BadInput
from layers.schema import Field

LARGEST = 2**31 - 1  # whole numbers of both stores
_TRUE, _FALSE = {"true", "1", "yes", "是", "t", "y"}, {"false", "0", "no", "否", "f", "n"}
_NOTHING = ("NAType", "NaTType")  # of pandas, which need not be loaded to look for them


def value_of(field: Field, raw: Any, place: str) -> Any:
    """One cell in the type of its field; None when empty. Raises BadInput naming the place."""
    if is_empty(raw):
        return None
    try:
        value = _CONVERT[field.type](raw)
    except (ValueError, TypeError, OverflowError):
        raise BadInput(f"{place}: {field.name} = {_shown(raw)} is not {_WORDS[field.type]}") from None
    if field.least is not None and value < field.least:
        raise BadInput(f"{place}: {field.name} = {_shown(raw)} is less than {field.least:g}")
    if field.choices and value not in field.choices:
        raise BadInput(f"{place}: {field.name} = {_shown(raw)} is none of {', '.join(field.choices)}")
    if field.type == "text" and len(value) > field.length:
        raise BadInput(f"{place}: {field.name} has {len(value)} characters, at most {field.length} fit")
    return value


def is_empty(raw: Any) -> bool:
    """True for a cell that says nothing: None, NaN, blanks."""
    if isinstance(raw, str):
        return not raw.strip()
    return (
        raw is None
        or type(raw).__name__ in _NOTHING
        or (isinstance(raw, (float, np.floating)) and bool(np.isnan(raw)))
    )


def groups_of(value: Any, known: Collection[str], place: str) -> dict[str, int]:
    """Special groups as {group: people}. Raises BadInput naming the place and the group."""
    if not isinstance(value, dict):
        raise BadInput(f"{place}: special = {_shown(value)} is not {{group: number}}")
    for group, number in value.items():
        if group not in known:
            raise BadInput(f"{place}: special: no group {group}; one of {', '.join(sorted(known))}")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= LARGEST:
            raise BadInput(f"{place}: special.{group} = {_shown(number)} is not a whole number from 0")
    return value


def as_text(raw: Any) -> str:
    """A cell as text: 12.0 is "12". Raises ValueError for characters that no store keeps."""
    if isinstance(raw, (float, np.floating)) and float(raw).is_integer():
        return str(int(raw))
    text = str(raw).strip()
    text.encode("utf-8")  # half a surrogate pair is no text
    if "\0" in text:
        raise ValueError(raw)
    return text


def _int(raw: Any) -> int:
    number = float(raw)
    if isinstance(raw, bool) or not number.is_integer() or abs(number) > LARGEST:
        raise ValueError(raw)
    return int(number)


def _bool(raw: Any) -> bool:
    if isinstance(raw, (bool, np.bool_)):
        return bool(raw)
    text = str(raw).strip().lower().removesuffix(".0")
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError(raw)


def _number(raw: Any) -> float:
    number = float(raw)
    if isinstance(raw, bool) or not np.isfinite(number):
        raise ValueError(raw)
    return number


def _date(raw: Any) -> str:
    if isinstance(raw, (date, datetime)):
        return raw.strftime("%Y-%m-%d")
    parts = re.match(r"(\d{4})\D(\d{1,2})\D(\d{1,2})(\D|$)", str(raw).strip())
    if not parts:
        raise ValueError(raw)
    return date(*(int(part) for part in parts.groups()[:3])).isoformat()


def _time(raw: Any) -> str:
    if isinstance(raw, datetime):
        return raw.isoformat()
    return datetime.fromisoformat(str(raw).strip().replace("/", "-")).isoformat()


def _json(raw: Any) -> Any:
    if not isinstance(raw, (dict, list, str, bytes)):
        raise TypeError(raw)
    value = raw if isinstance(raw, (dict, list)) else json.loads(raw, parse_constant=_no_number)
    as_text(json.dumps(value, ensure_ascii=False, allow_nan=False))
    return value


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _shown(raw: Any) -> str:
    text = repr(raw)
    return text if len(text) <= 80 else text[:77] + "…"


_CONVERT = {"text": as_text, "int": _int, "number": _number, "bool": _bool, "date": _date, "time": _time, "json": _json}
_WORDS = {
    "text": "text", "int": "a whole number", "number": "a number", "bool": "yes or no", "date": "a date",
    "time": "a time (ISO 8601)", "json": "JSON",
}  # fmt: skip
