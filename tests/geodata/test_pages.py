"""A mapping in pages is a dict whose copies stay as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from geodata.pages import PAGE, Pages, by_hash, by_number

NUMBERS = some.one_of(some.none(), some.integers(0, 3 * PAGE))
CHANGES = some.lists(some.tuples(some.sampled_from(("put", "put", "take", "copy")), NUMBERS, some.integers(0, 9)), max_size=60)


@given(CHANGES)
def test_it_is_a_dict_and_so_is_every_copy_whatever_is_done_to_either(changes):
    pairs = [(Pages(by_number), {})]
    for what, key, value in changes:
        pages, plain = pairs[value % len(pairs)]
        if what == "put":
            pages[key] = plain[key] = value
        elif what == "copy":
            pairs.append((pages.copy(), plain.copy()))
        else:
            assert pages.pop(key, "none") == plain.pop(key, "none")
    for pages, plain in pairs:
        assert pages == plain and len(pages) == len(plain)
        assert {*pages} == {*plain} == {*pages.keys()} and dict(pages.items()) == plain
        assert sorted(pages.values()) == sorted(plain.values())
        for key in (None, 0, PAGE, *plain):
            assert (key in pages) == (key in plain) and pages.get(key, "none") == plain.get(key, "none")


def test_numbers_stand_in_their_order():
    assert [*Pages(by_number, {key: 0 for key in range(5 * PAGE)})] == [*range(5 * PAGE)]


def test_what_is_not_there_is_a_key_error():
    pages = Pages(by_hash, {"a": 1})
    with pytest.raises(KeyError):
        pages["b"]
    with pytest.raises(KeyError):
        del pages["b"]
    assert len(pages) == 1 and pages.get("b") is None


def test_a_copy_shares_what_neither_writes_to():
    first = Pages(by_number, {key: [key] for key in range(4 * PAGE)})
    second = first.copy()
    second[0] = first[PAGE] = "other"
    assert first._pages[2] is second._pages[2] and first._pages[3] is second._pages[3]
    assert first[0] == [0] and second[PAGE] == [PAGE]
