"""Rights in one place: which role may do what, and under which areas. What is not written here is denied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from geodata.accounts import Account
from geodata.coverage_cache import CoverageCache
from geodata.lineage import Lineage
from geodata.rows import Reader
from geodata.tree import Node
from layers.errors import Forbidden, UnknownArea

# action -> roles that may, each under the areas of its own grant
ACTIONS: dict[str, frozenset[str]] = {action: frozenset(roles.split()) for action, roles in {
    "see": "viewer reporter planner commander admin",  # borders, figures, zones
    "see_special": "planner commander",  # exact numbers of special groups
    "see_personal": "planner commander",  # names and phones of staff and contacts
    "redraw": "planner commander",
    "transfer": "planner commander",  # give an area another parent; held over both parents
    "edit_facts": "planner commander",  # buildings, staff, attributes of areas
    "propose_zone": "planner commander",
    "approve_zone": "commander",
    "export": "planner commander",
    "report": "reporter planner commander",  # what was found at stairwells, buildings, areas and posts
    "open_rounds": "planner commander",  # of survey and sampling
    "manage": "admin",  # accounts, import, settings
    "set_up": "planner commander admin",  # what is still to be done before work begins
    "audit": "auditor",
    "metrics": "monitor",  # numbers of operation, for a program
}.items()}


@dataclass(frozen=True, slots=True)
class Rights:
    """What one account may do now: paths by action, resolved through the lineage of the areas it was granted."""

    account: Account
    paths: dict[str, tuple[str, ...]]  # role -> paths
    roots: tuple[str, ...]
    gone: Mapping[str, frozenset[int]] = field(default_factory=dict)  # role -> areas that followed a grant and live no more

    def scope(self, action: str) -> tuple[str, ...]:
        """Paths under which the account may do the action; empty = nowhere."""
        found = {path for role in ACTIONS[action] for path in self.paths.get(role, ())}
        return tuple(sorted(path for path in found
                            if not any(path != other and path.startswith(other) for other in found)))

    def filter(self, action: str) -> tuple[str, ...] | None:
        """The same as a row filter: None when the account may everywhere."""
        scope = self.scope(action)
        return None if self.roots and all(any(root.startswith(path) for path in scope)
                                          for root in self.roots) else scope

    def may(self, action: str, path: str | None = None) -> bool:
        """True when the action is allowed somewhere, or under `path`."""
        scope = self.scope(action)
        return bool(scope) if path is None else any(path.startswith(own) for own in scope)

    def require(self, action: str, nodes: Iterable[Node] = ()) -> None:
        """Raises UnknownArea for areas the account cannot even see, Forbidden where the action is not allowed."""
        for node in nodes:
            if not self._reaches("see", node):
                raise UnknownArea(f"{node.code}: no such area")
            if not self._reaches(action, node):
                raise Forbidden(f"{node.code}: your roles do not allow this here", action=action, area=node.code)
        if not self.may(action):
            raise Forbidden("your roles do not allow this", action=action)

    def _reaches(self, action: str, node: Node) -> bool:
        """True under a path of the action, and for an area that was cut off from one and lives no more."""
        return self.may(action, node.path) or any(node.fid in self.gone.get(role, ()) for role in ACTIONS[action])

    def require_under(self, action: str, node: Node) -> None:
        """The same for actions that do not go with seeing the map: Raises UnknownArea outside the areas of the action."""
        if not self.may(action, node.path):
            raise UnknownArea(f"{node.code}: no such area")


def rights_of(account: Account, cache: CoverageCache, lineage: Lineage) -> Rights:
    """Rights with today's areas: a grant on an area that was cut or merged follows where its ground went."""
    paths: dict[str, set[str]] = {}
    gone: dict[str, set[int]] = {}
    for role, fid, rev in account.grants:
        heirs = set(lineage.heirs(fid, rev))
        nodes = [cache.nodes[heir] for heir in heirs if heir in cache.nodes]
        gone.setdefault(role, set()).update(heirs - {node.fid for node in nodes})
        if nodes:
            paths.setdefault(role, set()).update(node.path for node in nodes)
        if fid == 0:  # granted before there were areas: everything
            paths.setdefault(role, set()).update(root.path for root in cache.roots())
            paths[role].add("/")
    return Rights(account, {role: tuple(sorted(found)) for role, found in paths.items()},
                  tuple(root.path for root in cache.roots()), {role: frozenset(fids) for role, fids in gone.items()})


def leads_to(grants: Sequence[tuple[str, int, int]], cache: CoverageCache, reader: Reader) -> list[list[Node]]:
    """The areas each grant reaches today, by code; none when its ground is in no living area, or for everything (0)."""
    lineage = cache.lineage.at(reader)
    found = [[cache.nodes.get(heir) for heir in lineage.heirs(fid, rev)] for _, fid, rev in grants]
    return [sorted((node for node in nodes if node is not None), key=lambda node: node.code) for nodes in found]
