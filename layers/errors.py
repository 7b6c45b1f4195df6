"""Every reason to refuse: one class, one code. The web maps classes to statuses once; pages translate the code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class WeigeError(Exception):
    """Something was refused; nothing has changed."""

    code = "error"

    def __init__(self, text: str, *, where: Sequence[float] | None = None, **details: Any):
        super().__init__(text)
        self.text = text
        self.where = list(where) if where is not None else None  # (lon, lat) in degrees
        self.details = details  # `why` tells reasons of one code apart: pages have words for `error.<code>.<why>`


# --- input -----------------------------------------------------------------------------------------------------
class BadInput(WeigeError):
    """A value of the request or the command line has the wrong form."""

    code = "bad-input"


class BadFile(WeigeError):
    """The file cannot be read as what it claims to be."""

    code = "bad-file"


class MissingField(WeigeError):
    """The file or request lacks a field that is needed."""

    code = "missing-field"


class BadCrs(WeigeError):
    """The coordinate reference system is unknown, missing or does not fit the coordinates."""

    code = "bad-crs"


class BadEncoding(WeigeError):
    """The text cannot be read in the stated encoding."""

    code = "bad-encoding"


class BadGeometry(WeigeError):
    """A geometry is empty, crosses itself or is of the wrong type."""

    code = "bad-geometry"


class DuplicateCode(WeigeError):
    """The code is already used, or was used before: codes are never used twice."""

    code = "duplicate-code"


class BadCode(WeigeError):
    """The code does not fit the code profile of the store."""

    code = "bad-code"


class BadCoverage(WeigeError):
    """The areas leave gaps or overlap; repair was not asked for."""

    code = "bad-coverage"


class BadSetting(WeigeError):
    """config.toml or the environment holds an unknown key or a value of the wrong type."""

    code = "bad-setting"


class TooLarge(WeigeError):
    """The request body or the work asked for is larger than allowed."""

    code = "too-large"


# --- looking up ------------------------------------------------------------------------------------------------
class UnknownArea(WeigeError):
    """No area of that code, or it lies outside the scope of the account."""

    code = "unknown-area"


class NotFound(WeigeError):
    """No such object, page or layer, or it lies outside the scope of the account."""

    code = "not-found"


# --- redraw ----------------------------------------------------------------------------------------------------
class EditRefused(WeigeError):
    """The redraw cannot be done."""

    code = "edit-refused"


class LineInside(EditRefused):
    """The line ends inside an area instead of crossing it from border to border."""

    code = "line-inside"


class LineOutside(EditRefused):
    """The line does not meet an area that may be cut."""

    code = "line-outside"


class LineCrossesItself(EditRefused):
    """The drawn line or polygon crosses itself."""

    code = "line-crosses-itself"


class LineLeavesParent(EditRefused):
    """The line leaves the parent area."""

    code = "line-leaves-parent"


class NotAdjacent(EditRefused):
    """The areas do not touch along a border."""

    code = "not-adjacent"


class OtherParent(EditRefused):
    """The areas belong to different parents; moving an area is an operation of its own."""

    code = "other-parent"


class WrongParent(EditRefused):
    """The area cannot belong to that parent: of another level, the same one, or nothing would be left of the old one."""

    code = "wrong-parent"


class AreaLocked(EditRefused):
    """The area or its border is fixed and cannot be moved."""

    code = "locked"


class NotLeaf(EditRefused):
    """Only areas without children hold ground of their own."""

    code = "not-leaf"


class HasChildren(EditRefused):
    """The area is divided into smaller ones already."""

    code = "has-children"


class NoChildren(EditRefused):
    """The area has no smaller ones that could be dissolved."""

    code = "no-children"


class NoLevelBelow(EditRefused):
    """There is no level below the area's own."""

    code = "no-level-below"


class SliverRefused(EditRefused):
    """A piece would be thinner than allowed."""

    code = "sliver"


class PartsRefused(EditRefused):
    """An area would fall into several parts."""

    code = "parts"


class TooFewParts(EditRefused):
    """The areas lie below more parents than parts were asked for."""

    code = "too-few-parts"


class TooManyParts(EditRefused):
    """There are fewer buildings and pieces of ground than parts asked for."""

    code = "too-many-parts"


class NoFairCut(EditRefused):
    """No border leaves a third of the households on either side: one building holds too many."""

    code = "no-fair-cut"


class NoVertex(EditRefused):
    """No vertex of a border, or for a new one no border, lies at that place; or the vertex is where it should go."""

    code = "no-vertex"


class VertexHeld(EditRefused):
    """A vertex stands there already, or borders part at it and need it."""

    code = "vertex-held"


class AreaSwallowed(EditRefused):
    """The line goes round a whole area; merging is an operation of its own."""

    code = "swallowed"


class ProofFailed(EditRefused):
    """The new areas would leave a gap or overlap."""

    code = "proof-failed"


class BorderTouches(ProofFailed):
    """A border would touch itself in one point."""

    code = "border-touches"


class UnknownOperation(EditRefused):
    """There is no such redraw operation."""

    code = "unknown-operation"


class Stale(WeigeError):
    """Somebody changed the same areas since they were read."""

    code = "stale"


class UndoBlocked(WeigeError):
    """Later edits stand on the ground of the edit that should be undone."""

    code = "undo-blocked"


# --- zones -----------------------------------------------------------------------------------------------------
class ZoneDecided(UndoBlocked):
    """What was decided about a zone goes back by a decision about the zone alone, never by undo."""

    code = "zone-decided"


class ZoneStatus(WeigeError):
    """The zone is not in the state this action is for: somebody decided already, or nobody yet."""

    code = "zone-status"


class PeopleDiffer(WeigeError):
    """The number of people typed is not the number the zone holds now."""

    code = "people-differ"


class LaxerKind(WeigeError):
    """A zone is only ever made stricter; for a laxer one it is lifted and proposed anew."""

    code = "laxer-kind"


class DerivedKind(WeigeError):
    """The kind is what the other zones leave; it is never drawn."""

    code = "derived-kind"


# --- rights ----------------------------------------------------------------------------------------------------
class NotSignedIn(WeigeError):
    """The request names no account, or its session or token has expired."""

    code = "not-signed-in"


class WrongPassword(WeigeError):
    """Account and password do not fit, or the account is locked out for a while."""

    code = "wrong-password"


class WeakPassword(BadInput):
    """The password is too short, of too few kinds of characters, or the one that was to be changed."""

    code = "weak-password"


class MustChangePassword(WeigeError):
    """The password was given by an administrator; nothing else is open before its owner has chosen another."""

    code = "must-change-password"


class AccountExists(WeigeError):
    """There is an account of that name already."""

    code = "account-exists"


class LastAdmin(WeigeError):
    """Nobody could manage the accounts of the whole store any more."""

    code = "last-admin"


class OwnAccount(WeigeError):
    """Nobody shuts himself out: another administrator has to do this."""

    code = "own-account"


class Forbidden(WeigeError):
    """The account's roles do not allow this here."""

    code = "forbidden"


class SamePerson(Forbidden):
    """Who proposed or asked does not decide as well: that takes a second person."""

    code = "same-person"


class BadCsrf(WeigeError):
    """The page's protection token is missing or has expired; reload the page."""

    code = "bad-csrf"


class TooManyRequests(WeigeError):
    """The rate limit is reached; try again later."""

    code = "too-many-requests"


# --- store -----------------------------------------------------------------------------------------------------
class StoreMissing(WeigeError):
    """There is no store at that address."""

    code = "store-missing"


class StoreBusy(WeigeError):
    """Another process is writing; try again."""

    code = "store-busy"


class StoreServed(WeigeError):
    """Another process serves this file already; a GeoPackage store has one server."""

    code = "store-served"


class StoreFull(WeigeError):
    """The disk is full; nothing was written."""

    code = "store-full"


class ReadOnly(WeigeError):
    """The store takes no changes now: maintenance, a setting, or a disk or database that can only be read."""

    code = "read-only"


class StoreNotEmpty(WeigeError):
    """The store holds something already; nothing is put over it unasked."""

    code = "store-not-empty"


def every_error() -> list[type[WeigeError]]:
    """All reasons, for the status table of the web and for the test that finds each one in the docs."""
    found, queue = [], [WeigeError]
    while queue:
        kind = queue.pop(0)
        found.append(kind)
        queue.extend(kind.__subclasses__())
    return found
