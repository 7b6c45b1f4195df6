"""Two places to work in: the demo town and Tainan, each served once for all browser tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from geodata.demo import ACCOUNTS
from geodata.store import Store
from mapapp import open_accounts
from mapapp.config import load
from tests.browser.desk import Desk, serving
from tests.tainan import import_tainan, weige

PLANNER, PASSWORD = ACCOUNTS[0][:2]


@pytest.fixture(scope="session")
def served(tmp_path_factory, request) -> Iterator[Callable[[str], str]]:
    """Call it with "demo" or "tainan" for the address of a running server."""
    running: dict[str, str] = {}
    with ExitStack() as stack:
        def address(name: str) -> str:
            if name not in running:
                url = f"gpkg://{tmp_path_factory.mktemp(name) / f'{name}.gpkg'}"
                if name == "demo":
                    code, answer = weige(url, "demo", "--build-only")
                    assert code == 0, answer
                else:
                    import_tainan(url, request.getfixturevalue("data_dir"))
                    store = Store.open(url, load().rules)
                    accounts = open_accounts(load(), store)
                    accounts.add(PLANNER, PASSWORD, [("planner", 1, 2)])
                    accounts.close()
                    store.close()
                running[name] = stack.enter_context(serving(url))
            return running[name]
        yield address


@pytest.fixture(scope="session")
def shots(tmp_path_factory) -> Path:
    """Where pictures are kept (WEIGE_SHOTS names a folder to keep them after the run)."""
    import os
    folder = Path(os.environ.get("WEIGE_SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def desk_in(served, shots, browser) -> Iterator[Callable[..., Desk]]:
    """Call it with place, language and size for a desk of a signed-in planner."""
    contexts = []

    def sit(place: str, lang: str = "zh-CN", size: tuple[int, int] = (1440, 900), *, sign_in: bool = True, **options) -> Desk:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=lang, timezone_id="Asia/Shanghai",
                                      accept_downloads=True, **options)
        contexts.append(context)
        desk = Desk(context.new_page(), served(place), shots)
        if sign_in:
            desk.start(PLANNER, PASSWORD)
        return desk
    yield sit
    for context in contexts:
        context.close()
