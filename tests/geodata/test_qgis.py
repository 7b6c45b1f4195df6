"""QGIS, headless, as Debian ships it: it reads the live GeoPackage while edits run and cannot write it; in a snapshot it
changes and adds what it likes."""

from __future__ import annotations

import random
import sqlite3
import threading

import pytest

from geodata import zoning
from geodata.checking import check_store
from geodata.coverage_cache import CoverageCache
from geodata.exporter import Request, export
from geodata.snapshot import snapshot
from tests.counts import count
from tests.geodata.stores import assert_whole, dump
from tests.geodata.work import Worker

READ = """
looks = []
for _ in range(int(sys.argv[2])):
    areas = layer("areas")
    leaves = [f for f in areas.getFeatures() if f["leaf"]]
    looks.append([len(leaves), round(sum(f.geometry().area() for f in leaves) * 1e12)])
one = next(f for f in areas.getFeatures() if f["name"] and f["name"].startswith("微网格"))
say({"looks": looks, "crs": areas.crs().authid(), "name": one["name"], "rows": {n: layer(n).featureCount() for n in sys.argv[3].split()}})
"""
WRITE = """
areas, gates = layer("areas"), layer("gates")
one = next(areas.getFeatures())
assert areas.startEditing() and areas.changeAttributeValue(one.id(), areas.fields().indexOf("name"), "QGIS改的")
told = {"changed": areas.commitChanges(), "errors": " ".join(areas.commitErrors())}
new = QgsVectorLayerUtils.createFeature(gates, QgsGeometry.fromPointXY(QgsPointXY(120.2, 23.0)))  # as its own forms do
new["name"] = "QGIS画的门"
assert gates.startEditing() and gates.addFeature(new)
say(told | {"added": gates.commitChanges(), "more": " ".join(gates.commitErrors())})
"""


@pytest.fixture
def kind() -> str:
    return "gpkg"


PACKAGE = """
one = QgsVectorLayer("/vsizip/" + sys.argv[1] + "/" + sys.argv[2] + ".shp", "one", "ogr")
assert one.isValid(), one.error().message()
rows = list(one.getFeatures())
say({"crs": one.crs().authid(), "encoding": one.dataProvider().encoding(), "names": [r["QYMC"] for r in rows], "derived": [r["SFTD"] for r in rows],
     "people": [r["RKS"] for r in rows], "area": [r.geometry().area() > 0 for r in rows], "east": one.extent().xMinimum()})
"""


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.promise("QGIS opens the package of zones: Chinese, people, plane coordinates, what the zones leave")
def test_qgis_opens_a_package_as_it_was_handed_over(qgis, town, tmp_path, encoding):
    form = {"kind": "lockdown", "areas": ["32"], "name": "封控一区"}
    fid = town.attempt("tester", "propose", lambda tx: zoning.write(tx, zoning.resolve(tx, form), form))
    town.attempt("another", "approve", lambda tx: zoning.approve(tx, fid, {"order_no": "〔2026〕1号"}))
    cache = CoverageCache(town, tiles=False)
    cache.sync()
    file = tmp_path / "zones.zip"
    export(cache, Request("zones", "shapefile", "EPSG:4528", encoding, receiver="公安", purpose="布控"), file)
    told = qgis(PACKAGE, file, "zones")
    people = cache.by_code("32").counts.people(cache.rules.population_kind)
    assert told["crs"] == "EPSG:4528" and told["names"][0] == "封控一区" and told["names"][1].startswith("防范区") and told["derived"] == [0, 1]
    assert told["people"][0] == people and told["area"] == [True, True] and 40_000_000 < told["east"] < 41_000_000


# A leaf is some hundredth of the ground; a new vertex on the outermost border, on whole units, changes it by a millionth at most.
@pytest.mark.promise("QGIS reads the live GeoPackage while edits run and cannot write it; a snapshot opens and is editable")
def test_qgis_reads_the_live_file_while_edits_run_and_cannot_write_it(qgis, town, clock, record_property):
    layers = ("areas", "buildings", "gates", "places", "roads")
    worker, ended = Worker(town, clock, random.Random(14)), threading.Event()

    def work():
        while not ended.is_set():
            worker.work(len(worker.log) + 1)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        told = qgis(READ, town.path, count(6, 40), " ".join(layers))
        refused = qgis(WRITE, town.path)
    finally:
        ended.set()
        writer.join()
    assert told["crs"] == "EPSG:4490" and told["name"].startswith("微网格")
    ground = [ground for _, ground in told["looks"]]
    assert max(ground) - min(ground) <= 1e-6 * max(ground), "the ground never has a hole: only whole commits are seen"
    assert not refused["changed"] and not refused["added"] and refused["errors"], refused
    record_property("figures", f"{len(told['looks'])} looks during {len(worker.log)} operations; refused: {refused['errors'][:60]}…")
    with sqlite3.connect(f"file:{town.path}?mode=ro", uri=True) as other:
        assert other.execute("PRAGMA journal_mode").fetchone()[0] == "wal", "QGIS has not switched it off"
    with town.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    found = check_store(town)
    assert (found["gaps"], found["overlaps"], found["nesting"]) == (0, 0, 0)
    assert_whole(town)
    rows = dump(town)
    assert "QGIS" not in str(rows["areas"]) + str(rows["gates"])


@pytest.mark.promise("QGIS reads the live GeoPackage while edits run and cannot write it; a snapshot opens and is editable")
def test_qgis_changes_and_adds_in_a_snapshot(qgis, town, tmp_path):
    file = tmp_path / "给大家.gpkg"
    snapshot(town, file)
    told = qgis(WRITE, file)
    assert told["changed"] and told["added"], told
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as other:
        assert other.execute("SELECT count(*) FROM areas WHERE name = 'QGIS改的'").fetchone()[0] == 1
        assert other.execute("SELECT version, rev FROM gates WHERE name = 'QGIS画的门'").fetchone() == (1, 0)
        assert other.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
