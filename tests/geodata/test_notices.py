"""Notices are written with the change they tell of, kept for each account, and marked without a revision."""

from __future__ import annotations

import pytest

from geodata.journal import events_since
from geodata.notices import mark_read, notices_of, notify, unread


def tell(store, to, **more) -> int:
    def change(tx):
        tx.insert("teams", [{"name": "二组"}])
        notify(tx, to, "reversed", **more)
        return tx.taken

    return store.attempt("chief", "undo", change)


def test_a_notice_reaches_whom_it_names_with_the_change(town):
    before = town.head()[1]
    rev = tell(town, ["wang", "li", "wang"], known_to=["chief"], area="30", reason="会议")
    with town.read() as reader:
        for name, kind, read in (("wang", "reversed", False), ("li", "reversed", False), ("chief", "reversed-by-you", True)):
            assert [(one["rev"], one["kind"], one["area"], one["reason"], one["read"]) for one in notices_of(reader, name)] == [
                (rev, kind, "30", "会议", read)]
        assert notices_of(reader, "zhao") == [] and unread(reader, "wang") == 1 and unread(reader, "chief") == 0
        told = [event for event in events_since(reader, before) if event.kind == "notice"]
    assert [(event.rev, event.data["to"], event.data["reason"]) for event in told] == [(rev, ["li", "wang"], "会议")]


def test_nobody_is_told_of_what_was_not_done(town):
    before = town.head()
    with pytest.raises(ZeroDivisionError):
        town.attempt("chief", "undo", lambda tx: (notify(tx, ["wang"], "reversed"), 1 // 0))
    with town.read() as reader:
        assert notices_of(reader, "wang") == [] and town.head() == before


def test_nobody_told_is_no_event(town):
    before = town.head()[1]
    tell(town, [])
    with town.read() as reader:
        assert [event.kind for event in events_since(reader, before)] == ["edit"]


def test_what_was_looked_at_stays_in_the_list_below_the_new(town):
    for k in range(3):
        tell(town, ["wang", "li"], reason=f"{k}")
    with town.read() as reader:
        seq = next(one["seq"] for one in notices_of(reader, "wang") if one["reason"] == "1")
    rev = town.head()[0]
    with town.write("wang", "read notices") as tx:
        mark_read(tx, "wang", seq)
    assert town.head()[0] == rev
    with town.read() as reader:
        assert [one["reason"] for one in notices_of(reader, "wang")] == ["2", "1", "0"]
        assert [one["read"] for one in notices_of(reader, "wang")] == [False, True, True]
        assert unread(reader, "wang") == 1 and unread(reader, "li") == 3
        assert len(notices_of(reader, "li", limit=2)) == 2
