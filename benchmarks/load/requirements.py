"""What must hold, and whether it does."""

from typing import Any, NamedTuple

Results = dict[str, Any]


class Check(NamedTuple):
    """A promise, what was measured, and whether the one keeps the other."""

    promise: str
    measured: str
    holds: bool


def checks(results: Results) -> list[Check]:
    """Of everything that was measured."""
    found: list[Check] = []
    for name, part in results.get("ladders", {}).items():
        found += _of_ladder(name, part["rows"], results["deadline_ms"])
    for name, judge in (
        ("obeying", _of_obeying),
        ("storm", _of_storm),
        ("poison", _of_poison),
        ("dripping", _of_dripping),
        ("idle", _of_idle),
        ("soak", _of_soak),
    ):
        if name in results:
            found += judge(results[name])
    return found


def _of_ladder(name: str, rows: list[Results], deadline_ms: float) -> list[Check]:
    peak = max(row["goodput_per_s"] for row in rows)
    over = next((row for row in rows if row["factor"] == 3), rows[-1])
    share = over["goodput_per_s"] / peak
    refused = over["refused_p50_ms"]
    late = over["accepted_p99_ms"]
    times = f"{name}, at {over['factor']:g} times capacity:"
    return [
        Check(f"{times} goodput at least 90 % of the peak", f"{share:.0%}", share >= 0.9),
        Check(
            f"{times} 99 % of accepted within {deadline_ms:g} ms",
            f"{late} ms",
            late is not None and late < deadline_ms,
        ),
        Check(
            f"{times} refused within 5 ms (median)",
            "none refused" if refused is None else f"{refused} ms",
            refused is None or refused < 5,
        ),
        Check(
            f"{name}: memory bounded (at most half as much again as at half the capacity)",
            f"{rows[0]['memory_mb']} to {rows[-1]['memory_mb']} MB",
            rows[-1]["memory_mb"] <= 1.5 * rows[0]["memory_mb"],
        ),
    ]


def _of_obeying(row: Results) -> list[Check]:
    share = row["answered_share"]
    return [Check("who obeys Retry-After gets through", f"{share:.1%}", share >= 0.99)]


def _of_storm(row: Results) -> list[Check]:
    measured = f"{row['recovery_s']} s"
    return [
        Check("latency back to normal within 1 s of the storm", measured, row["recovery_s"] <= 1)
    ]


def _of_poison(row: Results) -> list[Check]:
    good, bad = set(row["good"]), set(row["poisoned"])
    measured = f"good {row['good']}, poisoned {row['poisoned']}"
    return [Check("only the poisoned request fails", measured, good == {200} and bad == {500})]


def _of_dripping(row: Results) -> list[Check]:
    measured = f"{row['told_408']} of {row['clients']}"
    return [
        Check("who sends a byte a second gets 408", measured, row["told_408"] == row["clients"]),
        Check("and disturbs nobody", f"{row['errors']} errors", row["errors"] == 0),
    ]


def _of_idle(row: Results) -> list[Check]:
    errors = row["errors"]
    return [
        Check(f"{row['clients']:,} idle connections disturb nobody", f"{errors} errors", not errors)
    ]


def _of_soak(row: Results) -> list[Check]:
    leaked = row["files_after"] - row["files_before"]
    return [
        Check(
            "memory at the end within 3 % of that after the first minute",
            f"{row['growth_share']:+.1%}",
            abs(row["growth_share"]) <= 0.03,
        ),
        Check("no file descriptor leaked", f"{leaked:+d}", leaked <= 0),
    ]
