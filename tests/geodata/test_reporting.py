"""Reports in both stores: each once, none lost, the newest counts, a redraw moves them; sums kept step by step are those made anew."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from geodata.coverage_cache import CoverageCache
from geodata.ground import Ground
from geodata.inbox import Inbox
from geodata.places_expected import Expected
from geodata.reporting import Batch, Report, close_round, open_round
from geodata.schema import EVENTS, REPORTS, STATUS
from geodata.status_board import Board, Work
from geodata.status_sums import Standing, StatusSums
from geodata.store import Store
from layers.errors import DuplicateCode
from layers.status import AREA, BUILDING, UNIT, Said, settled, stamp, together
from tests.counts import count
from tests.geodata.stores import Clock
from tests.geodata.work import Worker, commit, cut, undo

METRIC, OTHER = "surveyed_households", "present"
EVERYWHERE = ("/",)


@dataclass
class Desk:
    """A store with its inbox and sums, and shorthands for who reports."""

    store: Store
    clock: Clock
    inbox: Inbox = field(init=False)
    sums: StatusSums = field(init=False)
    number: int = 0

    def __post_init__(self) -> None:
        ground = Ground(CoverageCache(self.store, tiles=False))
        self.inbox, self.sums = Inbox(self.store, ground), StatusSums(self.store, ground)

    def report(self, place: str, fid: int, value: int | None, *, minutes: float = 0, metric: str = METRIC, name: str | None = None,
               code: str | None = None, version: int | None = None, account: str = "lin", round_: str | None = None) -> Report:
        self.number += 1
        at = stamp(self.clock.now + timedelta(minutes=minutes))
        return Report(0, name or f"r{self.number}", place, fid, code, version, at, round_, {metric: value})

    def put(self, *reports: Report, account: str = "lin", scope: tuple[str, ...] = EVERYWHERE) -> dict[str, Any]:
        for index, report in enumerate(reports):
            report.index = index
        return self.inbox.put(Batch(account, list(reports), lambda: (scope, scope)))

    def unit(self, fid: int, value: int | None, **more: Any) -> dict[str, Any]:
        return self.put(self.report(UNIT, fid, value, **more))

    def area(self, code: str, value: int | None, **more: Any) -> dict[str, Any]:
        return self.put(self.report(AREA, 0, value, code=code, **more))

    def now(self) -> Standing:
        return self.sums.standing()

    def value(self, code: str, metric: str = METRIC) -> int | None:
        said = self.now().of_area(self.fid(code)).said.get(metric)
        return None if said is None else said.value

    @property
    def cache(self) -> CoverageCache:
        self.sums.ground.cache.sync()
        return self.sums.ground.cache

    def fid(self, code: str) -> int:
        return self.cache.by_code(code).fid

    def leaf_of(self, unit: int) -> str:
        with self.store.read() as reader:
            return next(area.code for area in reader.areas([reader.row("units", unit)["area"]]).values())


@pytest.fixture
def desk(town: Store, clock: Clock) -> Iterator[Desk]:
    yield Desk(town, clock)


@pytest.fixture
def homes(desk: Desk) -> list[int]:
    """The stairwells of one leaf that has several."""
    with desk.store.read() as reader:
        by_leaf: dict[int, list[int]] = {}
        for row in reader.rows("units", geometry=False):
            by_leaf.setdefault(row["area"], []).append(row["fid"])
    return max(by_leaf.values(), key=len)


def houses_of(desk: Desk, code: str) -> dict[int, list[int]]:
    """Buildings of a leaf with their stairwells."""
    with desk.store.read() as reader:
        fid = reader.area(code).fid
        houses = {row["fid"]: [] for row in reader.rows("buildings", geometry=False) if row["area"] == fid}
        for row in reader.rows("units", geometry=False):
            if row["building"] in houses:
                houses[row["building"]].append(row["fid"])
    return houses


# ---- each once, the newest counts ----------------------------------------------------------------------------------------
def test_what_comes_twice_counts_once(desk: Desk, homes: list[int]):
    first = desk.unit(homes[0], 3, name="a")
    again = desk.put(desk.report(UNIT, homes[0], 3, name="a"), desk.report(UNIT, homes[1], 4, name="b"), desk.report(UNIT, homes[1], 9, name="b"))
    assert (first["accepted"], first["duplicates"], again["accepted"], again["duplicates"]) == (1, 0, 1, 2)
    assert desk.value(desk.leaf_of(homes[0])) == 3 + 4
    assert desk.unit(homes[0], 5, name="a", account="li")["duplicates"] == 1, "whose account it is decides, here the same"
    assert desk.put(desk.report(UNIT, homes[0], 5, name="a"), account="wang")["accepted"] == 1
    with desk.store.read() as reader:
        assert reader.connection.scalar(select(func.count()).select_from(REPORTS)) == 3


def test_a_report_changes_only_what_it_names_and_never_what_was_seen_later(desk: Desk, homes: list[int]):
    code = desk.leaf_of(homes[0])
    desk.unit(homes[0], 3)
    desk.unit(homes[0], 8, metric=OTHER)
    assert (desk.value(code), desk.value(code, OTHER)) == (3, 8)
    late = desk.unit(homes[0], 1, minutes=-60)
    assert late["accepted"] == 1 and desk.value(code) == 3, "a late one is kept and changes nothing"
    desk.unit(homes[0], 4, minutes=1)
    assert (desk.value(code), desk.value(code, OTHER)) == (4, 8)
    desk.unit(homes[0], None, minutes=2)
    assert desk.value(code) is None and desk.value(code, OTHER) == 8
    with desk.store.read() as reader:
        assert reader.connection.scalar(select(func.count()).select_from(REPORTS)) == 5


def test_reports_take_numbers_of_events_and_never_a_revision(desk: Desk, homes: list[int]):
    rev, seq = desk.store.head()
    told = desk.put(*[desk.report(UNIT, fid, 1) for fid in homes])
    assert desk.store.head() == (rev, seq + 1) and told["seq"] == seq + 1
    with desk.store.read() as reader:
        event = reader.connection.execute(select(EVENTS).where(EVENTS.c.seq == told["seq"])).one()
    leaf = desk.fid(desk.leaf_of(homes[0]))
    assert (event.kind, event.rev, event.data) == ("status", None, {"round": "1", "areas": [leaf], "metrics": [METRIC]})


def test_received_of_expected_and_nobodys_silence_is_a_zero(desk: Desk, homes: list[int]):
    code = desk.leaf_of(homes[0])
    houses = houses_of(desk, code)
    of = sum(max(1, len(stairs)) for stairs in houses.values())
    desk.put(*[desk.report(UNIT, fid, 0) for fid in homes[:2]])
    status, now = desk.now().of_area(desk.fid(code)), desk.now()
    assert (status.received, now.expected(desk.fid(code), "/")) == (2, of)
    assert desk.value(code) == 0, "zero was said"
    silent = [node for node in desk.cache.nodes.values() if node.leaf and node.code != code]
    assert all(now.of_area(node.fid).said == {} and now.expected(node.fid, node.path) >= 1 for node in silent)
    lone = next(fid for fid, stairs in houses.items() if stairs)
    desk.put(desk.report(BUILDING, lone, 30))
    assert desk.now().of_area(desk.fid(code)).received == len({*homes[:2], *houses[lone]}), "a building speaks for its stairwells"


def test_whole_and_parts_are_never_both_counted(desk: Desk, homes: list[int]):
    code = desk.leaf_of(homes[0])
    desk.unit(homes[0], 5)
    desk.area(code, 41, minutes=1)
    assert desk.value(code) == 41
    desk.unit(homes[1], 7, minutes=2)
    assert desk.value(code) == 41, "the whole stands while its parts say less"
    desk.unit(homes[0], 50, minutes=3)
    assert desk.value(code) == 57
    assert desk.now().of_area(desk.fid(code)).received == desk.now().expected(desk.fid(code), "/")


# ---- rounds --------------------------------------------------------------------------------------------------------------
def opened(desk: Desk, **row: Any) -> str:
    made = {"id": None, "name": None, "kind": "survey", "area": None, "starts_at": stamp(desk.clock.now), "due_at": None, "opened_by": "mayor"} | row
    return desk.store.attempt("mayor", "open round", lambda tx: open_round(tx, made))["id"]


def test_each_round_counts_anew_and_the_newest_open_one_is_meant(desk: Desk, homes: list[int]):
    code = desk.leaf_of(homes[0])
    desk.unit(homes[0], 3)
    desk.clock.tick()
    second = opened(desk)
    assert second == "2" and desk.value(code) is None, "unknown in a round that has just begun"
    desk.unit(homes[0], 1)
    desk.unit(homes[0], 2, round_="晚间")
    assert desk.sums.standing("1").of_area(desk.fid(code)).said[METRIC].value == 3
    assert desk.sums.standing("2").of_area(desk.fid(code)).said[METRIC].value == 1
    assert desk.sums.standing("晚间").row["opened_by"] == "lin", "a round that nobody opened opens itself"
    with pytest.raises(DuplicateCode):
        opened(desk, id="2")
    desk.store.attempt("mayor", "close round", lambda tx: close_round(tx, "晚间"))
    assert desk.now().row["id"] == "2"
    desk.unit(homes[1], 9, round_="晚间")
    assert desk.sums.standing("晚间").of_area(desk.fid(code)).said[METRIC].value == 11, "late, and still counted"


def test_a_round_for_an_area_expects_only_its_places(desk: Desk, homes: list[int]):
    code = desk.leaf_of(homes[0])
    desk.clock.tick()
    node = desk.cache.by_code(code)
    opened(desk, area=desk.fid(code))
    now = desk.now()
    town = desk.cache.roots()[0]
    assert now.expected(town.fid, town.path) == now.expected(node.fid, node.path) == now.of[node.fid] < now.of[town.fid]
    other = next(fid for fid in _units(desk) if desk.leaf_of(fid) != code)
    desk.unit(other, 6)
    assert now.row["id"] == "1" and desk.sums.standing("1").row["area"] == node.fid


def _units(desk: Desk) -> list[int]:
    with desk.store.read() as reader:
        return [row["fid"] for row in reader.rows("units", geometry=False)]


# ---- a redraw moves them -------------------------------------------------------------------------------------------------
def halves(desk: Desk, code: str) -> list[str]:
    """Cuts a leaf; codes of both parts."""
    made = commit(desk.store, cut(desk.store, code))
    return [area.code for area in made.edit.after]


def test_reports_of_stairwells_go_with_them_through_cut_and_undo(desk: Desk, homes: list[int]):
    code = desk.leaf_of(homes[0])
    desk.put(*[desk.report(UNIT, fid, 1 + k) for k, fid in enumerate(homes)])
    before = desk.value(code)
    parts = halves(desk, code)
    there = {part: sum(1 + k for k, fid in enumerate(homes) if desk.leaf_of(fid) == part) for part in parts}
    assert {part: desk.value(part) or 0 for part in parts} == there and sum(there.values()) == before
    undo(desk.store, desk.store.head()[0])
    assert desk.value(code) == before


def test_an_area_that_was_cut_since_is_told_where_all_of_its_ground_is(desk: Desk):
    desk.area("12", 20)
    first = desk.cache.by_code("12")
    parts = halves(desk, "12")
    parent = desk.cache.nodes[first.parent]
    assert [desk.value(part) for part in parts] == [None, None], "unknown until somebody speaks of the part"
    assert desk.now().of_area(parent.fid).undivided == {METRIC: 20} and desk.value(parent.code) == 20
    desk.area(parts[1], 6, minutes=1)
    assert (desk.value(parts[1]), desk.value(parent.code)) == (6, 20)
    assert desk.now().of_area(parent.fid).undivided == {METRIC: 14}, "what no part says itself"
    desk.area(parts[0], 9, minutes=2)
    assert (desk.value(parts[0]), desk.value(parent.code), desk.now().of_area(parent.fid).undivided) == (9, 15, {})


def test_a_cut_that_was_undone_and_a_new_name_divide_nothing(desk: Desk):
    desk.area("12", 20)
    halves(desk, "12")
    undo(desk.store, desk.store.head()[0])
    assert desk.value("12") == 20 and desk.now().of_area(desk.fid("12")).undivided == {}
    with desk.store.write("tester", "change area") as tx:
        fid = tx.area("12").fid
        tx.update("areas", fid, {"name": "新名"})
        tx.touched["areas"].add(fid)
    assert desk.value("12") == 20


def test_a_phone_that_was_offline_is_told_where_the_ground_is_now(desk: Desk, homes: list[int]):
    code = desk.leaf_of(homes[0])
    with desk.store.read() as reader:
        version = reader.area("12").version
    parts, cut_unit = halves(desk, "12"), halves(desk, code)
    parent = desk.cache.by_code(parts[0]).parent
    told = desk.area("12", 20, version=version)
    name = desk.cache.nodes[parent].code
    assert told["accepted"] == 1 and told["moved"] == [{"index": 0, "area": name, "areas": sorted(parts)}]
    assert desk.now().of_area(parent).undivided == {METRIC: 20}
    assert code in cut_unit
    for fid in homes:  # a stairwell is named with the area the phone knows it in
        now = desk.leaf_of(fid)
        assert desk.unit(fid, 2, code=code)["moved"] == ([] if now == code else [{"index": 0, "area": now, "areas": [now]}])


def test_areas_that_were_merged_count_together_until_somebody_speaks_of_the_whole(desk: Desk):
    desk.put(desk.report(AREA, 0, 20, code="11"), desk.report(AREA, 0, 7, code="12"))
    commit(desk.store, {"op": "merge", "targets": ["11", "12"], "keep": "11"})
    assert desk.value("11") == 27
    told = desk.area("12", 9, minutes=1)
    assert told["moved"] == [{"index": 0, "area": "11", "areas": ["11"]}] and desk.value("11") == 29, "late, of the ground it meant"
    desk.area("11", 12, minutes=2)
    assert desk.value("11") == 12
    undo(desk.store, desk.store.head()[0])
    assert desk.value("12") == 9 and desk.value("11") == 12


def test_reports_of_children_are_those_of_the_area_they_went_back_to(desk: Desk):
    leaves = ["00", "02", "11"]
    community = desk.cache.nodes[desk.cache.by_code("11").parent].code
    desk.put(*[desk.report(AREA, 0, 5, code=code) for code in leaves])
    assert desk.value(community) == 15
    commit(desk.store, {"op": "dissolve", "targets": [community]})
    assert desk.value(community) == 15
    desk.area("00", 6, minutes=1)
    assert desk.value(community) == 16
    undo(desk.store, desk.store.head()[0])
    assert [desk.value(code) for code in leaves] == [6, 5, 5]


def test_the_ground_of_a_part_whose_cut_was_undone_is_that_of_the_area_again(desk: Desk):
    parts = halves(desk, "12")
    desk.put(*[desk.report(AREA, 0, 4, code=code) for code in parts])
    undo(desk.store, desk.store.head()[0])
    assert desk.value("12") == 8
    gone = next(code for code in parts if code != "12")
    told = desk.area(gone, 5, minutes=1)
    assert told["accepted"] == 1 and told["moved"] == [{"index": 0, "area": "12", "areas": ["12"]}]
    assert desk.value("12") == 9


# ---- rights --------------------------------------------------------------------------------------------------------------
def test_out_of_sight_answers_like_what_does_not_exist(desk: Desk, homes: list[int]):
    node = desk.cache.by_code(desk.leaf_of(homes[0]))
    other = next(fid for fid in _units(desk) if desk.leaf_of(fid) != node.code)
    reports = [desk.report(UNIT, homes[0], 1), desk.report(UNIT, other, 1), desk.report(UNIT, 10**6, 1), desk.report(AREA, 0, 1, code="nix")]
    told = desk.put(*reports, scope=(node.path,))
    refused = [(one["index"], one["code"]) for one in told["rejected"]]
    assert told["accepted"] == 1 and refused == [(1, "not-found"), (2, "not-found"), (3, "unknown-area")]
    batch = Batch("lin", [desk.report(UNIT, other, 1)], lambda: ((node.path,), EVERYWHERE))
    assert desk.inbox.put(batch)["rejected"][0]["code"] == "forbidden"


# ---- kept step by step = made anew ---------------------------------------------------------------------------------------
def fresh(desk: Desk, name: str) -> Board:
    """The board of a round made from nothing."""
    ground = Ground(CoverageCache(desk.store, tiles=False))
    with desk.store.read() as reader:
        ground.sync(reader)
        expected = Expected()
        expected.sync(reader, ground, reader.rev)
        work = Work(reader, Board(name), ground, expected, desk.store.rules)
        work.redrawn([])
        work.reported()
        work.sum_up()
    return work.board, expected.of


def by_hand(desk: Desk, name: str) -> dict[int, int]:
    """Sums of stairwells and buildings by leaf, from the rows, the plain way."""
    with desk.store.read() as reader:
        rows = reader.connection.execute(select(STATUS).where(STATUS.c.round == name, STATUS.c.metric == METRIC, STATUS.c.value.is_not(None))).all()
        units = {row["fid"]: row for row in reader.rows("units", geometry=False)}
        houses = {row["fid"]: row for row in reader.rows("buildings", geometry=False)}
    stairs: dict[int, list[int]] = {}
    for fid, row in units.items():
        stairs.setdefault(row["building"], []).append(fid)
    of_unit = {row.fid: Said(int(row.value), row.at, row.at) for row in rows if row.place == UNIT and row.fid in units}
    of_house = {row.fid: Said(int(row.value), row.at, row.at) for row in rows if row.place == BUILDING and row.fid in houses}
    sums: dict[int, int] = {}
    for fid in {*of_house, *(units[unit]["building"] for unit in of_unit)}:
        parts = together([of_unit[unit] for unit in stairs.get(fid, ()) if unit in of_unit])
        value = settled(of_house.get(fid), parts, len(stairs.get(fid, ())) or 1)
        leaf = houses[fid]["area"]
        sums[leaf] = sums.get(leaf, 0) + value.value
    return sums


@pytest.mark.parametrize("seed", range(count(1, 12)))
@pytest.mark.promise("Reports under random redraws and undo: sums kept step by step equal sums made anew, nothing lost or doubled")
def test_sums_kept_step_by_step_are_those_made_anew(desk: Desk, seed: int, record_property: Callable):
    dice = random.Random(seed)
    worker = Worker(desk.store, desk.clock, dice)
    steps = count(40, 300)
    for step in range(steps):
        desk.clock.tick()
        if dice.random() < 0.4:
            worker.work(len(worker.log) + 1)
        with desk.store.read() as reader:
            places = [(UNIT, row["fid"]) for row in reader.rows("units", geometry=False)]
            places += [(BUILDING, row["fid"]) for row in reader.rows("buildings", geometry=False)]
            codes = [area.code for area in reader.all_areas() if dice.random() < 0.3] or ["11"]
        reports = [desk.report(*dice.choice(places), dice.choice((None, *range(9))), minutes=dice.uniform(-30, 0)) for _ in range(dice.randint(0, 4))]
        reports += [desk.report(AREA, 0, dice.randint(0, 40), code=dice.choice(codes), metric=dice.choice((METRIC, OTHER)))] * (dice.random() < 0.3)
        if reports:
            told = desk.put(*reports)
            assert told["accepted"] == len(reports) and not told["rejected"]
        if step % 8 == 0:
            now, (board, of) = desk.now(), fresh(desk, "1")
            assert now.status == board.status and now.of == of
    now = desk.now()
    hand = by_hand(desk, "1")
    nodes = desk.cache.nodes
    spoken = {fid for statement, fids in fresh(desk, "1")[0].heirs.items() for fid in fids}
    for fid, value in hand.items():
        if fid not in spoken:
            assert now.of_area(fid).said[METRIC].value == value
    for fid, status in now.status.items():
        if not nodes[fid].leaf:
            for metric, one in status.said.items():
                below = sum(now.of_area(child).said[metric].value for child in desk.cache.children[fid] if metric in now.of_area(child).said)
                assert one.value == below + status.undivided.get(metric, 0)
    record_property("figures", f"{steps} steps, {desk.number} reports, {len(worker.log)} redraws and other work")
