import pytest

from benchmarks.serving.roofs import batch_of
from benchmarks.serving.summary import Row, summarise, summarise_roofs, summarise_visits
from benchmarks.serving.targets import targets


def load(server: str, rate: float, cpu_s: float = 1.0, **other: object) -> Row:
    row: Row = {"server": server, "model": "digits", "items": 1, "connections": 64}
    row |= {"requests_per_s": rate, "p50_ms": 2.0, "p99_ms": rate / 100, "n_errors": 1}
    return row | {"n_requests": 1000, "cpu_s": cpu_s} | other


LOADS = [
    *(load("seqserve", rate, cpu_s=0.1) for rate in (800.0, 1200.0, 1000.0)),
    *(load("Mosec", rate, cpu_s=0.25) for rate in (520.0, 480.0, 500.0)),
    *(load("FastAPI", rate) for rate in (100.0, 90.0, 110.0)),
]


def rows_of(loads: list[Row]) -> dict[str, Row]:
    return {row["server"]: row for row in summarise(loads, "seqserve")}


def test_a_row_is_the_median_of_its_rounds() -> None:
    row = rows_of(LOADS)["seqserve"]
    assert row["requests_per_s"] == 1000
    assert (row["slowest_round"], row["fastest_round"]) == (800, 1200)
    assert row["p99_ms"] == 10
    assert row["errors"] == 3
    assert row["cpu_s_per_1000"] == pytest.approx(0.1)


def test_the_ratio_is_to_the_best_of_the_others_for_everybody() -> None:
    rows = rows_of(LOADS)
    assert rows["seqserve"]["ratio"] == 2
    assert rows["Mosec"]["ratio"] == 1
    assert rows["FastAPI"]["ratio"] == pytest.approx(0.2)


def test_another_row_of_this_server_is_not_one_of_the_others() -> None:
    rows = rows_of([*LOADS, load("seqserve, torch", 900.0)])
    assert rows["seqserve"]["ratio"] == 2


def test_without_others_there_is_no_ratio() -> None:
    assert rows_of(LOADS[:3])["seqserve"]["ratio"] is None


def test_a_server_that_answered_nothing_has_no_cost_and_stops_nothing() -> None:
    row = rows_of([load("Mosec", 0.0, n_requests=0)])["Mosec"]
    assert row["cpu_s_per_1000"] is None
    assert row["ratio"] is None


def roof(rate: float) -> Row:
    row: Row = {"model": "digits", "items": 1, "connections": 64, "requests_per_cpu_s": rate}
    return row | {
        "parse_ms": 0.01, "forward_ms": 0.07, "encode_ms": 0.02, "batch": 32, "processes": 2,
    }  # fmt: skip


def test_the_share_of_the_roofline_compares_processor_time() -> None:
    (row,) = summarise_roofs([roof(12_500.0), roof(9_000.0), roof(13_000.0)], summarise(LOADS, "x"))
    assert row["requests_per_cpu_s"] == 12_500
    # 1000 requests take 0.1 s of one processor: 10,000 a second.
    assert row["shares"]["seqserve"] == pytest.approx(0.8)
    assert row["shares"]["Mosec"] == pytest.approx(4_000 / 12_500)


def test_shares_that_were_measured_in_turn_count_more() -> None:
    pairs = [roof(12_500.0) | {"shares": {"seqserve": share}} for share in (0.7, 0.9, 0.85)]
    (row,) = summarise_roofs([roof(12_500.0), *pairs], summarise(LOADS, "x"))
    assert row["shares"]["seqserve"] == 0.85
    assert row["shares"]["Mosec"] == pytest.approx(4_000 / 12_500)


@pytest.mark.parametrize(
    ("connections", "workers", "batch"), [(64, 2, 32), (8, 2, 4), (1, 2, 1), (64, 3, 22)]
)
def test_the_best_company_is_an_even_share_of_the_connections(
    connections: int, workers: int, batch: int
) -> None:
    assert batch_of(connections, workers) == batch


def test_visits_give_the_median_start_and_memory() -> None:
    visits: list[Row] = [
        {"server": "Mosec", "model": "digits", "round": number, "start_s": start}
        | {"pss_bytes": start * 100, "rss_bytes": start * 200, "largest_difference": 1e-7}
        for number, start in enumerate((3.0, 9.0, 4.0))
    ]
    (row,) = summarise_visits(visits)
    assert (row["start_s"], row["pss_bytes"], row["rss_bytes"]) == (4.0, 400, 800)


def test_targets_say_what_was_wanted_and_what_was_reached() -> None:
    rows = summarise(LOADS, "seqserve")
    found = targets({"rows": rows, "roofs": summarise_roofs([roof(12_000.0)], rows)})
    reached = {each.text: (each.reached, each.met) for each in found}
    assert reached["1 image, 64 connections: times the best other"] == (2, False)
    assert reached["1 image, 64 connections: p99 in ms"] == (10, True)
    share, met = reached["digits, 1 a request, 64 connections: share of the roofline"]
    assert share == pytest.approx(10_000 / 12_000)
    assert met
