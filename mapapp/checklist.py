"""What is still to be done before a place can be worked with: one line a matter, read from the store as it is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import Blueprint

from geodata import account_book as book
from geodata.accounts import Accounts
from geodata.coverage_cache import CoverageCache
from geodata.demo import ACCOUNTS as DEMO
from geodata.rows import Reader
from layers.codes import fits

from .auth import needs
from .forms import arguments
from .state import State, rights, state

blueprint = Blueprint("checklist", __name__)
DONE, TODO, WARN, OPTIONAL = "done", "todo", "warn", "optional"
FRESH_BACKUP_DAYS = 7
MOST_NAMED = 20
Line = dict[str, Any]


@blueprint.get("/api/checklist")
@needs("set_up")
def checklist():
    """{"lines": [{"id", "state": done | todo | warn | optional, "values", "command", "link"}], "left"}: `left` counts what
    is to do or warns. The whole store, whoever asks: it is about setting it up."""
    arguments()
    held = state()
    with held.store.read() as reader:
        lines = [line(held, reader) for line in LINES]
    manages = rights().may("manage")
    for line in lines:
        if line["link"] == "/accounts" and not manages:
            line["link"] = None
    return {"lines": lines, "left": sum(line["state"] in (TODO, WARN) for line in lines), "rev": held.cache.rev}


def _line(id: str, state: str, *, command: str | None = None, link: str | None = None, **values: Any) -> Line:
    return {"id": id, "state": state, "values": values, "command": command, "link": link}


# ---- the lines -------------------------------------------------------------------------------------------------------
def _levels(held: State, reader: Reader) -> Line:
    """Which of the configured levels have areas; leaving some out is allowed."""
    there = Counter(node.level for node in held.cache.nodes.values())
    levels = [{"id": level.id, "zh": level.zh, "en": level.en, "areas": there.get(level.id, 0)} for level in held.cache.rules.levels]
    return _line("levels", DONE if there else TODO, levels=levels, used=sum(level["areas"] > 0 for level in levels), all=len(levels))


def _codes(held: State, reader: Reader) -> Line:
    """Codes that do not fit the profile of the store."""
    profile = reader.meta("codes", "free")
    wrong = _wrong_codes(held.cache, held.cache.rev, profile)
    empty = not held.cache.nodes  # still time to choose another
    return _line("codes", OPTIONAL if empty else WARN if wrong else DONE, profile=profile, wrong=len(wrong),
                 codes=list(wrong[:MOST_NAMED]), command="weige init --codes PROFILE" if empty else "weige check" if wrong else None)


@lru_cache(4)
def _wrong_codes(cache: CoverageCache, rev: int, profile: str) -> tuple[str, ...]:
    nodes = cache.nodes
    return tuple(node.code for node in nodes.values() if not fits(
        profile, cache.rules, node.level, node.code, nodes[node.parent].code if node.parent in nodes else None))


def _areas(held: State, reader: Reader) -> Line:
    """Areas, and whether they were proved seamless since the last change."""
    cache, checked = held.cache, reader.meta("checked")
    faults = {kind: checked[kind] for kind in ("gaps", "overlaps", "nesting")} if checked else {}
    leaves = sum(node.leaf for node in cache.nodes.values())
    values = {"areas": len(cache.nodes), "leaves": leaves, **faults, "checked_at": checked["at"] if checked else None,
              "since": cache.rev - checked["rev"] if checked else None}
    if not cache.nodes:
        return _line("areas", TODO, command="weige import FILE --layer areas --level LEVEL --field code=COL --repair", **values)
    state = WARN if any(faults.values()) else DONE if checked else TODO
    return _line("areas", state, command=None if state == DONE and not values["since"] else "weige check", **values)


def _norms(held: State, reader: Reader) -> Line:
    """Whether the smallest areas know how many households they should have."""
    cache = held.cache
    leaves = [node for node in cache.nodes.values() if node.leaf and node.get("kind") != "dedicated"]
    level = Counter(node.level for node in leaves).most_common(1)
    id = level[0][0] if level else cache.rules.levels[-1].id
    named = cache.rules.level(id)
    without = sum(cache.norm(node) is None for node in leaves)
    norm = cache.rules.norms.get(id)
    state = DONE if norm and not without else TODO if without == len(leaves) else WARN
    return _line("norms", state, level=id, zh=named.zh, en=named.en, min=norm.min if norm else None, max=norm.max if norm else None,
                 without=without, leaves=len(leaves), command=None if norm else f"[norms.{id}]")


def _people(held: State, reader: Reader) -> Line:
    """Of how many of the smallest areas the people are known."""
    roots = held.cache.roots()
    leaves, counted = sum(root.leaves for root in roots), sum(root.counted_leaves for root in roots)
    state = TODO if not counted else DONE if counted == leaves else WARN
    return _line("people", state, leaves=leaves, unknown=leaves - counted, known_share=counted / leaves if leaves else None,
                 command=None if state == DONE else "weige import FILE --layer buildings --field households=COL")


def _staff(held: State, reader: Reader) -> Line:
    """Whether anybody was entered, and how many areas have nobody responsible."""
    entered = reader.count("staff")
    return _line("staff", DONE if entered else TODO, people=entered, command=None if entered else "weige import FILE --layer staff")


def _accounts(held: State, reader: Reader) -> Line:
    """Who may work here, and whether a password that stands in the manual still opens a door."""
    entries = [entry for entry in book.entries(held.accounts) if not entry.disabled]
    roles = Counter(role for entry in entries for role in {role for role, _, _ in entry.grants})
    demo = _demo_passwords(held.accounts)
    lacking = [role for role in ("admin", "planner") if not roles[role]]
    state = WARN if demo else TODO if lacking else DONE
    return _line("accounts", state, accounts=len(entries), roles=dict(roles), lacking=lacking, demo=demo, link="/accounts",
                 command="weige user add NAME --role admin --password-stdin" if "admin" in lacking else None)


def _demo_passwords(accounts: Accounts) -> list[str]:
    """Accounts that still open with the password of the demo."""
    known = {name: password for name, password, *_ in DEMO}
    return [name for name, hashed in accounts.hashes(list(known)) if _opens(accounts, hashed, known[name])]


@lru_cache(64)
def _opens(accounts: Accounts, hashed: str, password: str) -> bool:
    return accounts.fits(hashed, password)


def _basemap(held: State, reader: Reader) -> Line:
    """A ground under the areas; work goes on without."""
    maps = [one.id for one in getattr(held.config, "basemaps", None) or []]
    return _line("basemap", DONE if maps else OPTIONAL, maps=maps, command=None if maps else "[[basemaps]]")


def _backup(held: State, reader: Reader) -> Line:
    """When the last copy was made that could be brought back."""
    last = held.accounts.last("snapshot")
    age = (held.store.clock() - datetime.fromisoformat(last)).days if last else None
    fresh = age is not None and age <= FRESH_BACKUP_DAYS
    return _line("backup", DONE if fresh else TODO if not last else WARN, at=last, days=age,
                 command=None if fresh else "weige snapshot FILE --full --accounts")


LINES: tuple[Callable[[State, Reader], Line], ...] = (_levels, _codes, _areas, _norms, _people, _staff, _accounts, _basemap, _backup)
