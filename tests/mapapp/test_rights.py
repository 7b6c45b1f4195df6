"""Who may do what where: every address x every role x every place, written down by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from geodata import undoing
from mapapp.rights import ACTIONS

# The roles are held in community C1. Places: a leaf of C1, a leaf of the community beside it, the town above both, a
# leaf of another town. `mixed` is a planner in C1 who may look at everything. 401 = who are you, 403 = not with your
# roles, 404 = not in your sight (also when it exists).
from tests.mapapp.rights_cases import CASES
from tests.mapapp.rights_table import ROWS, WHO
from tests.mapapp.web import Web, open_town


@pytest.fixture(scope="module")
def web(built, tmp_path_factory) -> Iterator[Web]:
    """One town for the whole table; a split area is put together again."""
    one = open_town(built, tmp_path_factory.mktemp("rights"))
    yield one
    one.close()


def redo_cuts(web: Web) -> None:
    """Takes back whatever the last request cut, so that each starts from the same ground."""
    with web.store.read() as reader:
        last = reader.revision(reader.rev)
    if last["op"] in ("split", "dissolve"):
        web.store.attempt("test", "undo", lambda tx: undoing.undo(tx, last["rev"]))


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_every_role_gets_the_answer_that_was_written_down(web: Web, row: tuple[str, ...]) -> None:
    case, place, *expected = row
    got = []
    for who in WHO:
        method, path, body = CASES[case](web, place, who)
        answer = web.ask(method, path, None if who == "nobody" else who, **({} if body is None else {"json": body}))
        got.append(str(answer.status_code))
        assert answer.status_code < 400 or answer.json["code"] == {
            "400": "bad-csrf",
            "401": "not-signed-in",
            "403": "forbidden",
            "409": "stale",
        }.get(got[-1], answer.json["code"])
        if answer.status_code == 404:
            assert answer.json["code"] in ("unknown-area", "not-found")
        redo_cuts(web)
    assert dict(zip(WHO, got, strict=True)) == dict(zip(WHO, expected, strict=True))


def test_no_address_is_without_an_expectation(web: Web) -> None:
    """A new view fails here until its row stands in the table."""
    adapter = web.app.url_map.bind("localhost")
    asked = {
        adapter.match(path.partition("?")[0], method=method)[0] + " " + method
        for row in ROWS
        for method, path, _ in [CASES[row[0]](web, row[1], "chief")]
    }
    there = {
        f"{rule.endpoint} {method}"
        for rule in web.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert there - asked == set()
    assert {row[0] for row in ROWS} == set(CASES)


def test_every_view_says_what_it_needs(web: Web) -> None:
    public = {endpoint for endpoint, view in web.app.view_functions.items() if getattr(view, "needs", None) == "public"}
    assert public == {"auth.sign_in", "auth.sign_in_post", "auth.sign_out", "pages.choose_language", "phone.worker", "health.healthz",
                      "wall.page", "wall.change"}
    silent = [endpoint for endpoint, view in web.app.view_functions.items() if not hasattr(view, "needs")]
    assert silent == ["static"]
    assert {view.needs for view in web.app.view_functions.values() if hasattr(view, "needs")} <= {
        *ACTIONS,
        "public",
        "account",
    }


def test_a_view_that_says_nothing_is_closed(built, tmp_path) -> None:
    one = open_town(built, tmp_path)
    one.app.add_url_rule("/api/forgotten", "forgotten", lambda: "all secrets")
    assert one.get("/api/forgotten", "chief").status_code == 403
    assert one.get("/api/forgotten", None).status_code == 403
    one.close()


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_ask_for_the_same_rights(shared: Web, method: str) -> None:
    for path in ("/api/areas/41", "/api/areas", "/api/zones", "/tiles/buildings/0/0/0.mvt"):
        assert shared.ask(method, path, None).status_code == 401
        assert shared.ask(method, path, "none").status_code == 403
    assert shared.ask("HEAD", "/api/areas/41", "viewer").status_code == 404
