"""The speed promises: `python -m bench [tiles] [redraw] [files] … [reports] [handover] [--areas N]` prints them as tables.

They belong in bench/results.md. All of it takes about 25 minutes on two cores that do nothing else.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.services import Unavailable, postgis

from . import basemaps, divide, files, handover, live, memory, planners, redraw, reports, sight, tiles, zones
from .province import Places
from .report import Aims, heading, say

MEASURES = {name: module.run for name, module in {
    "tiles": tiles, "redraw": redraw, "files": files, "memory": memory, "live": live, "planners": planners, "basemaps": basemaps,
    "zones": zones, "reports": reports, "handover": handover, "divide": divide, "sight": sight}.items()}


def main() -> None:
    """Measure what is named, all by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*MEASURES, []], metavar="NAME", help=f"{', '.join(MEASURES)}; default all")
    parser.add_argument("--areas", type=int, default=330_000, help="micro-grids of the invented province")
    options = parser.parse_args()
    heading(options.areas)
    aims = Aims()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weige-bench-")))
        try:
            server = stack.enter_context(postgis())
            say(f"{server.version}, without waiting for the disk.")
        except Unavailable as lacking:
            server = None
            say(f"SKIPPED POSTGIS: {lacking}")
        places = Places(folder, options.areas, server)
        if "Tainan" not in places.names:
            say("SKIPPED DATA: Tainan is not there; name the folder of the data in WEIGE_DATA")
        for name in options.names or MEASURES:
            MEASURES[name](places, aims)
    aims.show()


if __name__ == "__main__":
    main()
