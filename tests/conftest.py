"""What every test may ask for: real data, a PostGIS database, a browser; and loud words when one is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from tests import services
from tests.counts import FULL
from tests.qgis import runner
from tests.services import Unavailable

# A slow machine is no bug: no test fails because of the clock. Examples are the same in every short run, so that a change
# is judged by what it does and not by the dice; the full run looks for new ones.
hypothesis.settings.register_profile(
    "weige", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=FULL, derandomize=not FULL
)
hypothesis.settings.load_profile("weige")

LOUD = ("POSTGIS", "DATA", "BROWSER", "QGIS", "SMALL DISK")  # a run that lacks one says so in its last lines; .ci/run fails for the first three
LONGEST = ("test_main_job.py", "test_keyboard.py", "test_tainan.py")
_stores_ran = ["GeoPackage"]


def _skip(what: str, reason: Exception) -> None:
    pytest.skip(f"SKIPPED {what}: {reason}")


@pytest.fixture(scope="session")
def postgis_server() -> Iterator[services.Server]:
    """A PostgreSQL server with PostGIS, for the whole run; `.fresh()` gives the URL of a new database."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(services.postgis())
        except Unavailable as reason:
            _skip("POSTGIS", reason)
        _stores_ran.append(server.version)
        yield server


@pytest.fixture(scope="session")
def fresh_postgis(postgis_server: services.Server) -> Callable[[], str]:
    """Call it for the URL of a new empty PostGIS database, copied from a template."""
    return postgis_server.fresh


@pytest.fixture(scope="session")
def postgis_url(postgis_server: services.Server) -> str:
    """The URL of one PostGIS database shared by the whole run."""
    return postgis_server.fresh()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data (WEIGE_DATA, or shared/data beside the repository)."""
    try:
        return services.data_dir()
    except Unavailable as reason:
        _skip("DATA", reason)


@pytest.fixture(scope="session")
def qgis() -> Callable:
    """Runs a script of PyQGIS on a file; answers what it says."""
    return runner()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """How pytest-playwright starts Chromium; its fixtures `browser`, `context` and `page` follow from it."""
    try:
        return browser_type_launch_args | services.launch_options()
    except Unavailable as reason:
        _skip("BROWSER", reason)


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return browser_context_args | {
        "viewport": {"width": 1440, "height": 900},
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
    }


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promise(text): the line of bench/acceptance.md that the test keeps")


# ---- several processes (pytest-xdist) ------------------------------------------------------------------------------
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes come first: one of them at the end would run alone while the other processes have nothing to do."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """What has to be fetched is fetched once, before the processes start; what cannot be had is told by the tests."""
    for ask in (services.postgres, services.launch_options):
        _can(ask)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["stores"] = _stores_ran


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    _stores_ran.extend(store for store in getattr(node, "workeroutput", {}).get("stores", ()) if store not in _stores_ran)


def pytest_report_header() -> list[str]:
    data = services.data_dir() if _can(services.data_dir) else "none"
    return [f"stores: GeoPackage, PostGIS ({_postgis_plan()})", f"real data: {data}"]


def _postgis_plan() -> str:
    if os.environ.get("WEIGE_POSTGIS_URL"):
        return "the server of WEIGE_POSTGIS_URL"
    found = services.find_postgres()
    return f"own server from {found}" if found else "own server, to be fetched from Debian's packages when first needed"


def _can(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Unavailable:
        return False
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    result = yield  # the summaries of pytest and its plugins come first: ours are the last lines
    terminalreporter.section("stores")
    terminalreporter.line(f"ran: {', '.join(_stores_ran)}")
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for what in LOUD:
        lacking = [text for text in skipped if f"SKIPPED {what}" in text]
        if lacking:
            reason = lacking[0].split(f"SKIPPED {what}:", 1)[1].strip(" ')")
            terminalreporter.line(f"SKIPPED {what}: {len(lacking)} tests did not run: {reason}", red=True)
    return result
