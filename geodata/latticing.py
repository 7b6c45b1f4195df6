"""The lattice through the store: its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from layers.errors import BadInput, MissingField

MOST = {"rows": 10_000, "columns": 10_000, "group": 100}


def read_lattice(form: Mapping[str, Any], targets: Sequence[int] | None) -> dict[str, Any]:
    """The one leaf, `rows`, `columns`, `group`. Raises MissingField, BadInput."""
    missing = [name for name in ("targets", "rows", "columns") if form.get(name) in (None, [])]
    if missing:
        raise MissingField(f"lattice needs {' and '.join(missing)}", fields=missing)
    numbers = {name: form[name] for name in MOST if form.get(name) is not None}
    for name, value in numbers.items():
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST[name]:
            raise BadInput(f"{name}: a whole number from 1 to {MOST[name]:,} is needed")
    if len(targets) > 1:
        raise BadInput("lattice divides one area at a time")
    return {"targets": list(targets), **numbers}
