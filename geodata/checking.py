"""`weige check`: the whole store proved seamless and nested, codes and norms judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from layers.areas import Area
from layers.checking import check
from layers.codes import fits
from layers.edits import Finding
from layers.errors import ReadOnly
from layers.norms import norm_of, verdict

from .facts import held_in
from .rows import Reader
from .store import Store

GROUPS = {"gap": "gaps", "overlap": "overlaps", "nesting": "nesting", "invalid": "nesting", "off-grid": "nesting", "empty": "gaps", "code": "codes"}


def check_store(store: Store) -> dict[str, Any]:
    """{"gaps", "overlaps", "nesting", "codes", "norms", "findings", "rev"}; keeps the result for pages to show."""
    with store.read() as reader:
        areas = reader.all_areas()
        answer, findings = prove(reader, areas, reader.meta("codes", "free"))
        norms = _norms(reader, [area for area in areas if area.leaf])
        rev = reader.rev
    with suppress(ReadOnly), store.write("system", "check") as tx:
        tx.set_meta("checked", {**{kind: answer[kind] for kind in ("gaps", "overlaps", "nesting")}, "rev": rev, "at": tx.at})
    return {**answer, "norms": len(norms), "findings": [finding.as_json() for finding in (*findings, *norms)], "rev": rev}


def prove(reader: Reader, areas: Sequence[Area], profile: str) -> tuple[dict[str, int], list[Finding]]:
    """How often these areas, all there are, gape, overlap, are nested wrong or bear a code that does not fit the code
    profile: {"gaps", "overlaps", "nesting", "codes"}; and where."""
    leaves, parents = [area for area in areas if area.leaf], [area for area in areas if not area.leaf]
    findings = [*check(leaves, parents), *_codes(reader, areas, profile)]
    counts = Counter(GROUPS.get(finding.kind, finding.kind) for finding in findings)
    return {kind: counts.get(kind, 0) for kind in ("gaps", "overlaps", "nesting", "codes")}, findings


def _codes(reader: Reader, areas: Sequence[Area], profile: str) -> list[Finding]:
    """Codes that do not fit the store's profile. `free` only demands unique codes."""
    by_fid = {area.fid: area for area in areas}
    return [Finding("code", f"{area.level} {area.code} does not fit the code profile {profile}", area.code) for area in areas
            if not fits(profile, reader.rules, area.level, area.code, by_fid[area.parent].code if area.parent in by_fid else None)]


def _norms(reader: Reader, leaves) -> list[Finding]:
    counts, findings = held_in(reader, leaves, everywhere=True), []
    for area in leaves:
        own = counts[area.fid]
        found = verdict(norm_of(reader.rules, area.level, dict(area.attributes)), own.households,
                        counted=own.counted)
        if found["verdict"] in ("over", "under"):
            findings.append(Finding("norm", f"{area.code}: {own.households} households, {found['difference']} {found['verdict']} the norm "
                                            f"{found['min']}-{found['max']}", area.code))
    return findings
