"""What a call of the program answers, and how the little town is imported by it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

PASSWORD = "Street-Office-1"
AREAS = [
    "--layer", "areas",
    "--source-layer", "grids",
    "--level", "micro_grid",
    "--parent", "community=community",
    "--parent", "town=town",
    "--parent", "county=county",
    "--field", "households=households",
    "--field", "population=population",
]


@dataclass
class Said:
    """What a call answered: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)
