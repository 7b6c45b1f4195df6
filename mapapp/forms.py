"""Reading a request: query, JSON body and the values of fields, each in its own type or refused with its name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request

from geodata.values import value_of
from layers.errors import BadInput, MissingField, TooLarge
from layers.schema import Field

LARGEST = 2**31 - 1  # whole numbers fit the integers of both stores
LONGEST_JSON = 4000  # characters of a JSON field
# JSON types of a field; true is a number to Python, and to nobody else
_TYPES: dict[str, tuple[type, ...]] = {"text": (str,), "int": (int, float), "number": (int, float), "bool": (bool,),
                                       "date": (str,),
                                       "time": (str,), "json": (dict, list)}
_WORDS = {"text": "text", "int": "a whole number", "number": "a number", "bool": "true or false",
          "date": "a date (text)",
          "time": "a time (text)", "json": "an object or a list"}


# ---- query -----------------------------------------------------------------------------------------------------------
def arguments(*known: str) -> dict[str, str]:
    """The query of the request. Raises BadInput for a name that means nothing here: a typo changes no answer."""
    unknown = [name for name in request.args if name not in known]
    if unknown:
        raise BadInput(f"unknown parameter: {', '.join(unknown)}; " + (f"known: {', '.join(known)}" if known
                                                                       else "there are none here"))
    values = request.args.to_dict()
    for name, text in values.items():
        if "\0" in text:
            raise BadInput(f"{name}: a character that text cannot hold")
    return values


def number(values: Mapping[str, str], name: str, default: int, *, most: int, least: int = 1) -> int:
    """A whole number of the query between `least` and `most`."""
    text = values.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise BadInput(f"{name}={text[:40]}: a whole number from {least} to {most} is needed")
    return int(text)


def bounds_of(text: str | None) -> tuple[float, float, float, float] | None:
    """west,south,east,north of a query."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise BadInput(f"bbox={text[:80]}: west,south,east,north in degrees is needed") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadInput(f"bbox={text[:80]}: west,south,east,north in degrees is needed")
    return west, south, east, north


def flag(values: Mapping[str, str], name: str) -> bool:
    """true or false of a query."""
    text = values.get(name, "false").lower()
    if text not in ("true", "false", "1", "0"):
        raise BadInput(f"{name}={text[:40]}: true or false is needed")
    return text in ("true", "1")


def next_page(query: Mapping[str, Any]) -> str:
    """The address of this list with another query."""
    return f"{request.path}?{urlencode(query)}"


# ---- body ------------------------------------------------------------------------------------------------------------
def body(*needed: str, known: tuple[str, ...] | None = None) -> dict[str, Any]:
    """The JSON object of the request. Raises BadInput, MissingField for a name of `needed` that is absent or empty."""
    if not request.is_json:
        raise BadInput("a JSON body is needed (Content-Type: application/json)")
    value = read_json()
    if not isinstance(value, dict):
        raise BadInput("the body is not a JSON object")
    unknown = [name for name in value if known is not None and name not in known]
    if unknown:
        raise BadInput(f"{unknown[0][:40]}: means nothing here; there are {', '.join(known)}", fields=unknown[:20])
    missing = [name for name in needed if value.get(name) in (None, "")]
    if missing:
        raise MissingField(f"the body lacks {', '.join(missing)}", fields=missing)
    return value


def read_json() -> Any:
    """The JSON of the request. Raises BadInput for what is no JSON, for numbers JSON does not have (NaN, Infinity) and
    for characters a store cannot hold (U+0000, halves of surrogate pairs)."""
    raw = request.get_data(cache=True)
    if request.content_length is None and len(raw) >= request.max_content_length:  # chunks: read no further
        raise TooLarge(f"the body is larger than {request.max_content_length / 1e6:g} MB")
    try:
        value = json.loads(raw, parse_constant=_no_number)
        if b"\\u" in raw:
            for text in _texts(value):
                text.encode()
                if "\0" in text:
                    raise ValueError("U+0000")
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the body is not JSON: {str(error)[:120]}") from None
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _texts(value: Any) -> Iterator[str]:
    queue = [value]
    while queue:
        one = queue.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            queue += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            queue += one


def field_value(field: Field, raw: Any, place: str) -> Any:
    """The value of a field from JSON, None when empty. Raises BadInput naming place and field: programs send numbers as
    numbers; only files hold them as text."""
    if raw is None:
        return None
    if not isinstance(raw, _TYPES[field.type]) or (isinstance(raw, bool) and field.type != "bool"):
        raise BadInput(f"{place}: {field.name}: {_WORDS[field.type]} is needed", fields=[field.name])
    if isinstance(raw, (int, float)) and abs(raw) > LARGEST:
        raise BadInput(f"{place}: {field.name}: a number up to {LARGEST} is needed", fields=[field.name])
    if field.type == "json" and len(json.dumps(raw, ensure_ascii=False)) > LONGEST_JSON:
        raise BadInput(f"{place}: {field.name}: at most {LONGEST_JSON} characters of JSON fit", fields=[field.name])
    return value_of(field, raw, place)


def version_of(form: Mapping[str, Any]) -> int:
    """The version the caller saw. Raises BadInput."""
    return whole(form["version"], "version")


def whole(raw: Any, name: str) -> int:
    """A whole number of a JSON form. Raises BadInput."""
    if not isinstance(raw, int) or isinstance(raw, bool) or abs(raw) > LARGEST:
        raise BadInput(f"{name}: a whole number is needed", fields=[name])
    return raw


def texts_of(raw: Any, name: str, *, most: int) -> list[str]:
    """A list of texts of a JSON form (codes of areas). Raises BadInput."""
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise BadInput(f"{name}: a list of codes is needed", fields=[name])
    if len(raw) > most:
        raise BadInput(f"{name}: at most {most} at once", fields=[name])
    return raw


def numbers_of(raw: Any, name: str, *, most: int) -> list[int]:
    """A list of ids of a JSON form. Raises BadInput."""
    if not isinstance(raw, list):
        raise BadInput(f"{name}: a list of ids is needed", fields=[name])
    if len(raw) > most:
        raise BadInput(f"{name}: at most {most} at once", fields=[name])
    return [whole(one, name) for one in raw]
