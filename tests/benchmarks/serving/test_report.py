from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.serving.__main__ import console
from benchmarks.serving.contestants import CONTESTANTS, OTHERS, SERVERS
from benchmarks.serving.environments import version_of
from benchmarks.serving.plot import draw
from benchmarks.serving.profile import shares
from benchmarks.serving.readme import END, START, NoMarkers, insert
from benchmarks.serving.summary import Row
from benchmarks.serving.tables import Table, markdown, show


@pytest.fixture
def report() -> Row:
    row: Row = {"model": "digits", "items": 1, "connections": 64, "p50_ms": 2.5, "p99_ms": 9.75}
    row |= {"cpu_s_per_1000": 0.125, "errors": 0}
    rows = [
        row | {"server": "Mosec", "requests_per_s": 1500.0, "ratio": 1.0},
        row | {"server": "seqserve", "requests_per_s": 4500.0, "ratio": 3.0},
    ]
    visit = {"server": "seqserve", "model": "digits", "start_s": 2.5, "pss_bytes": 4e8}
    facts = {"date": "2026-11-21 13:45 UTC", "processor": "a processor", "processors": 2}
    return {
        "facts": facts
        | {
            "torch": "2.13.0",
            "allocators": {"Mosec": "", "seqserve": "quick.so"},
            "versions": {"Mosec": "0.9.8"},
        },
        "generator": "wrk",
        "rounds": 3,
        "minutes": 21.5,
        "rows": rows,
        "roofs": [],
        "visits": [visit | {"rss_bytes": 5e8, "largest_difference": 1e-8}],
        "skipped": {"TorchServe": "needs java, which is not installed"},
    }


def test_a_table_becomes_markdown() -> None:
    table = Table("title", ("server", "rate"), [("Mosec", "1,500")])
    assert markdown(table) == "| server | rate |\n| --- | --- |\n| Mosec | 1,500 |"


def test_the_terminal_shows_the_fastest_first_and_who_is_missing(report: Row) -> None:
    console = Console(record=True, width=160)
    show(report, console)
    text = console.export_text()
    assert text.index("4,500") < text.index("1,500")
    assert "needs java" in text
    assert "3.00" in text


def test_reasons_may_hold_brackets(report: Row) -> None:
    console.record = True
    show(report | {"skipped": {"Ray Serve": "ended: [/tmp/x.cfg:50] in use"}}, console)
    assert "[/tmp/x.cfg:50]" in console.export_text()


def test_the_section_replaces_only_what_is_between_the_markers(report: Row) -> None:
    text = insert(f"before\n{START}\nold\n{END}\nafter\n", report)
    assert text.startswith(f"before\n{START}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "| seqserve | - | 4,500 (2.50, 9.75) |" in text
    assert "old" not in text
    assert "2026-11-21" in text
    assert "; quick.so preloaded for seqserve." in text
    assert insert(text, report) == text


@pytest.mark.parametrize("text", ["nothing", START, f"{END} {START}"])
def test_a_file_without_markers_is_left_alone(text: str, report: Row) -> None:
    with pytest.raises(NoMarkers, match="benchmark: start"):
        insert(text, report)


def test_the_plot_is_a_picture(report: Row, tmp_path: Path) -> None:
    draw(report, tmp_path / "new" / "plot.png")
    assert (tmp_path / "new" / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_a_profile_counts_functions_once_a_stack() -> None:
    stacks = "run (loop.py:1);answer (fast.py:7) 3\nrun (loop.py:1);run (loop.py:2) 1\n"
    assert shares(stacks) == [("answer (fast.py)", 0.75, 0.75), ("run (loop.py)", 0.25, 1.0)]


@pytest.mark.parametrize("contestant", OTHERS, ids=lambda each: each.name)
def test_every_other_server_is_pinned_to_plain_versions(contestant: object) -> None:
    folder = next(each.folder for each in OTHERS if each is contestant)
    assert folder
    lines = (SERVERS / folder / "requirements.txt").read_text().split()
    assert all(line.count("==") == 1 and "/" not in line for line in lines)
    assert "torch==2.13.0" in lines
    assert version_of(next(each for each in OTHERS if each.folder == folder))[0].isdigit()


@pytest.mark.parametrize("contestant", OTHERS, ids=lambda each: each.name)
def test_every_other_server_says_what_it_follows(contestant: object) -> None:
    folder = next(each.folder for each in OTHERS if each is contestant)
    assert folder
    script = (SERVERS / folder / "serve.py").read_text()
    assert len(script.split('"""')[1]) > 200


def test_this_server_is_compared_as_it_is_and_with_the_passes_of_the_others() -> None:
    as_it_is, by_torch = (each for each in CONTESTANTS if each.ours)

    assert "SEQSERVE_PASSES" not in as_it_is.environment
    assert by_torch.environment["SEQSERVE_PASSES"] == "graph"
    assert by_torch.environment["SEQSERVE_PRECISION"] == "float32"
