"""Long work: any process may be asked about it, and one that dies over it is followed by another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from geodata import jobs as jobs_
from geodata.jobs import TRIES, Jobs
from geodata.packages import PART
from geodata.schema import JOBS
from layers.errors import NotFound, StoreBusy
from tests.geodata.stores import open_store

PATIENCE_S = 60


@pytest.fixture
def two(url):
    """Two processes on one store, as far as jobs are concerned."""
    stores = open_store(url), open_store(url)
    made = [Jobs(store) for store in stores]
    yield made
    for jobs, store in zip(made, stores, strict=True):
        jobs.close()
        store.close()


def wait_for(true: Callable[[], object], what: str):
    until = time.monotonic() + PATIENCE_S
    while not (found := true()):
        assert time.monotonic() < until, what
        time.sleep(0.02)
    return found


def over(jobs: Jobs, number: str):
    """The job when it has ended."""
    return wait_for(lambda: (job := jobs.get(number))["state"] in ("done", "failed") and job, "the job ends")


def kill(jobs: Jobs, number: str) -> None:
    """As if the process had died some time ago: its lease is over, nobody renews it."""
    jobs._ended.set()
    with jobs.store.write("test", "job") as tx:
        tx.connection.execute(update(JOBS).where(JOBS.c.id == number).values(lease_until=1.0))


def test_work_is_done_where_it_was_ordered_and_known_everywhere(two) -> None:
    here, there = two
    here.does["add"] = lambda number, args, progress: {"sum": sum(args["of"])}
    number = here.start("add", "ann", {"of": [1, 2, 3]})
    assert over(there, number)["result"] == {"sum": 6} == here.get(number, "ann")["result"]
    with pytest.raises(NotFound):
        there.get(number, "bob")
    with pytest.raises(NotFound):
        there.get("nonsense")


def test_a_job_whose_process_died_is_done_by_whoever_is_asked_about_it(two) -> None:
    here, there = two
    begun, never = threading.Event(), threading.Event()

    def hang(number, args, progress):
        progress(0.5, "half")
        begun.set()
        assert never.wait(PATIENCE_S)
        progress(0.9, "I am back")
        return {"by": "the dead"}
    here.does["slow"], there.does["slow"] = hang, lambda number, args, progress: {"by": args["name"]}
    number = here.start("slow", "ann", {"name": "the next"})
    assert begun.wait(PATIENCE_S)
    assert there.get(number)["state"] == "running", "while its lease lasts it is left to its owner"
    kill(here, number)
    assert over(there, number)["result"] == {"by": "the next"}
    never.set()  # who was thought dead finds it taken over, and changes nothing
    here.close()
    assert there.get(number)["result"] == {"by": "the next"} and there.get(number)["tries"] == 2


def test_a_lease_is_renewed_while_its_process_lives(two, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = two
    now = [1000.0]
    monkeypatch.setattr(jobs_, "LEASE_S", 0.6)  # by a clock that goes on only when the lease was renewed
    monkeypatch.setattr(Jobs, "_clock", lambda self, connection: now[0])
    stop, done = threading.Event(), []
    here.does["slow"] = lambda number, args, progress: {"waited": stop.wait(10 * PATIENCE_S)}
    there.does["slow"] = lambda number, args, progress: done.append(number) or {}
    number = here.start("slow", "ann", {})
    wait_for(lambda: here.get(number)["state"] == "running", "it is under way")
    try:
        for _ in range(10):
            now[0] += 0.5
            assert there.get(number)["state"] == "running"
            wait_for(lambda: there.get(number)["lease_until"] >= now[0] + 0.6, "the lease is renewed")
    finally:
        stop.set()
    assert over(there, number)["result"] == {"waited": True} and not done


def test_of_two_that_find_it_at_once_one_does_it(two) -> None:
    here, there = two
    done = []
    for jobs in two:
        jobs.does["once"] = lambda number, args, progress: done.append(number) or {}
    with here.store.write("test", "job") as tx:
        tx.connection.execute(JOBS.insert().values(
            id="left", kind="once", actor="ann", state="running", progress=0.4, text="", args={}, result=None, created_at=here._now(),
            changed_at=here._now(), owner="gone", tries=1, lease_until=1.0))
    threads = [threading.Thread(target=jobs.get, args=("left",)) for jobs in two for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    over(here, "left")
    assert done == ["left"]


def test_work_that_takes_its_process_down_each_time_is_given_up(two) -> None:
    here, there = two
    with here.store.write("test", "job") as tx:
        tx.connection.execute(JOBS.insert().values(
            id="bomb", kind="bomb", actor="ann", state="running", progress=0.4, text="", args={}, result=None, created_at=here._now(),
            changed_at=here._now(), owner="gone", tries=TRIES, lease_until=1.0))
    job = there.get("bomb")
    assert job["state"] == "failed" and str(TRIES) in job["text"] and job["result"]["code"] == "error"


def test_a_kind_that_this_release_does_not_know_is_left_alone(two) -> None:
    here, there = two
    here.does["new"] = lambda number, args, progress: {}
    number = here.start("new", "ann", {})
    over(here, number)
    with here.store.write("test", "job") as tx:
        tx.connection.execute(update(JOBS).where(JOBS.c.id == number).values(state="queued", owner="gone", lease_until=1.0))
    assert there.get(number)["state"] == "queued"


def has_ended(jobs: Jobs) -> bool:
    with jobs._pool._shutdown_lock:
        return jobs._pool._shutdown


def test_what_is_queued_at_an_end_is_done_by_the_next(two) -> None:
    here, there = two
    go_on = threading.Event()
    here.does["work"] = lambda number, args, progress: go_on.wait(PATIENCE_S) and {"by": "here"}
    there.does["work"] = lambda number, args, progress: {"by": "there"}
    first, second = here.start("work", "ann", {}), here.start("work", "ann", {})
    wait_for(lambda: here.get(first)["state"] == "running", "the first is under way")
    ending = threading.Thread(target=here.close)
    ending.start()
    wait_for(lambda: has_ended(here), "nothing more is begun here")
    go_on.set()
    ending.join(PATIENCE_S)
    assert over(there, first)["result"] == {"by": "here"}, "what was under way was finished"
    assert over(there, second)["result"] == {"by": "there"}


def test_what_is_left_at_an_end_is_not_renewed_by_a_renewal_under_way(two, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = two
    monkeypatch.setattr(jobs_, "LEASE_S", 0.3)
    renews, write = threading.Event(), here.store.write

    def late(actor, op):  # the renewal has begun, and gets its turn only after the end
        if threading.current_thread().name == "weige-leases":
            renews.set()
            assert here._ended.wait(PATIENCE_S)
            jobs_.LEASE_S = 10 * PATIENCE_S
            time.sleep(0.5)
        return write(actor, op)
    go_on = threading.Event()
    here.does["work"] = lambda number, args, progress: go_on.wait(PATIENCE_S) and {"by": "here"}
    there.does["work"] = lambda number, args, progress: {"by": "there"}
    here.start("work", "ann", {})
    second = here.start("work", "ann", {})
    monkeypatch.setattr(here.store, "write", late)
    assert renews.wait(PATIENCE_S)
    ending = threading.Thread(target=here.close)
    ending.start()
    wait_for(lambda: has_ended(here), "nothing more is begun here")
    go_on.set()
    ending.join(PATIENCE_S)
    here._renewing.join(PATIENCE_S)
    assert over(there, second)["result"] == {"by": "there"}


def test_a_failure_that_another_thread_told_a_little_earlier_is_no_error(two) -> None:
    here, _ = two

    class Untold(dict):
        def __contains__(self, key) -> bool:
            held = super().__contains__(key)
            self.clear()  # by the other thread
            return held
    here.does["add"] = lambda number, args, progress: {}
    number = here.start("add", "ann", {})
    over(here, number)
    here._untold = Untold({number: ("full", "store-full")})
    assert here.get(number)["state"] == "failed"


def test_a_reason_is_kept_and_a_fault_is_not_quoted(two) -> None:
    here, there = two

    def refuse(number, args, progress):
        raise StoreBusy("too many write")

    def stumble(number, args, progress):
        raise KeyError("林一")
    here.does.update(refuse=refuse, stumble=stumble)
    refused, stumbled = here.start("refuse", "ann", {}), here.start("stumble", "ann", {})
    assert over(there, refused)["result"] == {"code": "store-busy", "detail": "too many write"}
    assert over(there, stumbled)["result"]["code"] == "error" and "林一" not in str(there.get(stumbled))


def test_a_package_made_by_one_is_handed_out_by_the_other_and_swept_by_either(two) -> None:
    here, there = two
    data = bytes(range(256)) * (PART // 256) + b"the end"
    file = here.folder / "n1.zip"
    file.write_bytes(data)
    here.packages.keep("n1", file)
    if here.store.is_file:
        assert there.packages.size("n1") is None and there.packages.path("n1.zip").read_bytes() == data
    else:
        assert there.packages.size("n1") == len(data) and b"".join(there.packages.read("n1")) == data
        assert not file.exists() and there.packages.path("n1.zip") is None
    with here.store.write("test", "job") as tx:
        tx.connection.execute(JOBS.insert().values(
            id="n1", kind="x", actor="ann", state="done", progress=1.0, text="", args={}, result={"file": "n1.zip"},
            created_at="2020-01-01T00:00:00+00:00", changed_at="2020-01-01T00:00:00+00:00"))
    there.sweep(1)
    assert there.packages.size("n1") is None and there.packages.path("n1.zip") is None and not file.exists()
    with there.store.read() as reader:
        assert reader.connection.execute(select(JOBS.c.id)).all() == []
