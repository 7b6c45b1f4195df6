"""The phone's idea of the server's clock: an answer that took long does not turn it, a clock that is wrong is noticed."""

from __future__ import annotations

from tests.js.test_tracing import run


def ahead_s(*answers: tuple[float, float]) -> list[float]:
    """Seconds the phone adds to its clock after each answer, told as (seconds it took, seconds the server's clock is ahead)."""
    told = run("../report/line.js", f"""
        let clock = Date.parse("2026-03-01T08:00:00Z");
        Date.now = () => clock;
        const log = [];
        for (const [took, ahead] of {[list(one) for one in answers]}) {{
          globalThis.fetch = async () => {{
            clock += took * 1000;
            const at = new Date(clock + ahead * 1000).toUTCString();
            return {{ ok: true, status: 200, json: async () => ({{}}), headers: {{ get: (name) => (name === "Date" ? at : null) }} }};
          }};
          await it.line.get("/api/report/work");
          log.push((it.line.now() - clock) / 1000);
        }}
        process.stdout.write(JSON.stringify(log));
        process.exit(0);""")
    return [round(one) for one in told]


def test_an_answer_that_took_long_does_not_turn_the_clock():
    assert ahead_s((0.1, 0), (8, 0), (0.1, 0)) == [0, 0, 0]


def test_a_clock_that_is_wrong_is_noticed_by_a_quick_answer_and_by_a_slow_one():
    assert ahead_s((0.1, 600)) == [600] and abs(ahead_s((8, 600))[0] - 600) <= 5
    assert ahead_s((0.1, -3), (8, -3), (0.1, 0)) == [-3, -3, 0]
