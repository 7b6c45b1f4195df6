"""The bar that says tiles are on their way: it comes when they are late, and goes when they are there."""

from __future__ import annotations

import json
import subprocess

from tests.js.test_coordinates import NODE, ROOT

PAGE = """
    globalThis.Node = class { setAttribute() {} getAttribute() { return "0"; } append() {} };
    const bar = { hidden: true, textContent: "{}", append() {} };
    globalThis.document = { getElementById: () => bar, createElementNS: () => new Node() };
    const hears = {};
    let there = false;
    const gl = { areTilesLoaded: () => there, on: (name, does) => { hears[name] = does; } };
    const wait = (ms) => new Promise((on) => setTimeout(on, ms));
    const until = async (hidden) => { for (let k = 0; k < 200 && bar.hidden !== hidden; k++) await wait(20); };
    const log = [];
"""


def seen(*steps: str) -> list[bool]:
    """Whether the bar is hidden after each step."""
    page = PAGE + f"""
        const {{ watchLoading }} = await import({json.dumps((ROOT / "static/js/ui/loading_bar.js").as_uri())});
        watchLoading({{ gl }});
        {"".join(f"{step}; log.push(bar.hidden);" for step in steps)}
        console.log(JSON.stringify(log));
        process.exit(0);"""
    return json.loads(subprocess.run([NODE, "--input-type=module", "-e", page], capture_output=True, text=True, check=True).stdout)


def test_it_goes_when_the_tiles_are_there_though_the_map_never_says_that_it_is_idle():
    assert seen("hears.dataloading(); await until(false)", "there = true; await until(true)") == [False, True]


def test_it_goes_at_once_when_the_map_is_idle_and_comes_again_for_the_next_tiles():
    assert seen("hears.dataloading(); await until(false)", "hears.idle()", "await wait(600)",
                "hears.dataloading(); await until(false)") == [False, True, True, False]


def test_it_does_not_come_for_tiles_that_are_there_in_time():
    assert seen("hears.dataloading(); there = true; await wait(600)") == [True]
