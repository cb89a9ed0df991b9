"""From the measurements of all rounds to one row a server and case: medians and ratios."""

import statistics
from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]
CASE = ("model", "items", "connections")


def case_of(row: Row) -> tuple[str, int, int]:
    """What a row is about."""
    return row["model"], row["items"], row["connections"]


def median(rows: Iterable[Row], name: str) -> float:
    """The median of a column."""
    return float(statistics.median(row[name] for row in rows))


def summarise(loads: list[Row], ours: str) -> list[Row]:
    """Medians over the rounds, with the ratio to the best of the other servers.

    A server is another one if its name does not begin with ``ours``.
    """
    groups: dict[tuple[str, tuple[str, int, int]], list[Row]] = {}
    for row in loads:
        groups.setdefault((row["server"], case_of(row)), []).append(row)
    rows = [_row(server, case, group) for (server, case), group in groups.items()]
    best: dict[tuple[str, int, int], float] = {}
    for row in rows:
        if not row["server"].startswith(ours):
            best[case_of(row)] = max(best.get(case_of(row), 0.0), row["requests_per_s"])
    for row in rows:
        at_best = best.get(case_of(row), 0.0)
        row["ratio"] = row["requests_per_s"] / at_best if at_best else None
    return rows


def _row(server: str, case: tuple[str, int, int], group: list[Row]) -> Row:
    rates = [row["requests_per_s"] for row in group]
    n_requests = sum(row["n_requests"] for row in group)
    used = sum(row["cpu_s"] for row in group)
    return {
        "server": server,
        **dict(zip(CASE, case, strict=True)),
        "requests_per_s": statistics.median(rates),
        "slowest_round": min(rates),
        "fastest_round": max(rates),
        "p50_ms": median(group, "p50_ms"),
        "p99_ms": median(group, "p99_ms"),
        "cpu_s_per_1000": used / n_requests * 1000 if n_requests else None,
        "errors": sum(row["n_errors"] for row in group),
        "rounds": len(group),
    }


def summarise_roofs(roofs: list[Row], rows: list[Row]) -> list[Row]:
    """Medians of the roofline, with the share of it that each row of this server reaches.

    The share compares requests for each second of processor time, so it does not depend on how much
    of the machine the load generator took. Where both were measured in turn it is the median of the
    shares that were found then.
    """
    groups: dict[tuple[str, int, int], list[Row]] = {}
    for row in roofs:
        groups.setdefault(case_of(row), []).append(row)
    found = []
    for case, group in groups.items():
        names = ("requests_per_cpu_s", "parse_ms", "forward_ms", "encode_ms")
        medians = {name: median(group, name) for name in names}
        shares = {
            row["server"]: 1000 / row["cpu_s_per_1000"] / medians["requests_per_cpu_s"]
            for row in rows
            if case_of(row) == case and row["cpu_s_per_1000"]
        }
        paired = [row["shares"] for row in group if "shares" in row]
        for server in {name for each in paired for name in each}:
            shares[server] = statistics.median(each[server] for each in paired if server in each)
        at_once = {"batch": group[0]["batch"], "processes": group[0]["processes"]}
        found.append(dict(zip(CASE, case, strict=True)) | medians | at_once | {"shares": shares})
    return found


def summarise_visits(visits: list[Row]) -> list[Row]:
    """Start time and memory of each server and model."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in visits:
        groups.setdefault((row["server"], row["model"]), []).append(row)
    names = ("start_s", "pss_bytes", "rss_bytes", "largest_difference")
    return [
        {"server": server, "model": model} | {name: median(group, name) for name in names}
        for (server, model), group in groups.items()
    ]
