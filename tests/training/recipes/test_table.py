import json
from pathlib import Path

import pytest
from rich.console import Console

from training.errors import DataError
from training.recipes.recipe import Recipe, Shipped, Target
from training.recipes.results import Measured, Results
from training.recipes.table import (
    as_json,
    as_markdown,
    as_table,
    markers,
    row_of,
    shipped_figure,
    write_between_markers,
)

FIRST_MARKER, LAST_MARKER = markers("recipes")


def recipe(**changes: object) -> Recipe:
    settings: dict[str, object] = {
        "name": "soup",
        "path": Path("soup.toml"),
        "title": "Soup",
        "description": "Soup.",
        "family": "digits",
        "setting": "Boil.",
        "reported": "good | hot",
        "figure": Target(name="salt", label="salt", at_most=2.0),
        "tuned": {"seed": 1},
    }
    return Recipe(**(settings | changes))  # type: ignore[arg-type]


def measured(variant: str, value: float, **changes: object) -> Measured:
    settings: dict[str, object] = {
        "recipe": "soup",
        "variant": variant,
        "value": value,
        "shown": f"{value:.3g}",
        "target_met": value <= 2.0,
        "figures": {"salt": value},
        "options": {"seed": 1},
        "steps": 3,
        "n_parameters": 5,
        "wall_time_s": 70.0,
        "export": "soup/1",
        "smoke": False,
    }
    return Measured(**(settings | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("notes", "tuned", "reached"),
    [
        (1.0, None, "yes"),
        (3.0, 2.0, "with the better setting"),
        (3.0, 4.0, "no"),
        (None, 1.0, "with the better setting"),
        (None, None, ""),
    ],
)
def test_the_row_says_which_setting_reached_the_figure(
    notes: float | None, tuned: float | None, reached: str, tmp_path: Path
) -> None:
    results = Results(tmp_path)
    if notes is not None:
        results.store(measured("notes", notes))
    if tuned is not None:
        results.store(measured("tuned", tuned))
    assert row_of(recipe(), results).reached == reached


def test_a_smoke_run_is_never_called_a_success(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.store(measured("notes", 1.0, smoke=True))
    assert row_of(recipe(), results).reached == "smoke"


def test_the_table_holds_both_figures_and_the_time_of_both(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.store(measured("notes", 3.25))
    results.store(measured("tuned", 1.5))
    row = row_of(recipe(), results)

    assert as_markdown([row]).splitlines()[2] == (
        "| `soup` | good \\| hot | 3.25 | 1.5 | salt at most 2 | with the better setting | 2 min "
        "| `seqserve train recipe soup` |"
    )
    (read,) = json.loads(as_json([row]))
    assert (read["notes"]["value"], read["tuned"]["value"]) == (3.25, 1.5)
    assert read["wall_time_s"] == 140.0


def test_the_table_of_a_narrow_terminal_cuts_nothing_off(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.store(measured("notes", 3.25))
    results.store(measured("tuned", 1.5))
    console = Console(width=80, record=True)
    console.print(as_table([row_of(recipe(), results)]))
    text = console.export_text()
    assert "…" not in text
    for words in ("soup", "to reach: salt at most 2", "notes report: good | hot", "3.25", "1.5"):
        assert words in text


def test_results_are_finished_only_with_the_same_options_and_their_export(tmp_path: Path) -> None:
    results = Results(tmp_path / "results")
    results.store(measured("notes", 1.0))
    soup = recipe()

    assert results.finished(soup, "notes", {"seed": 1}, tmp_path) is None
    (tmp_path / "soup/1").mkdir(parents=True)
    (tmp_path / "soup/1/manifest.json").write_text("{}")
    assert results.finished(soup, "notes", {"seed": 1}, tmp_path) == measured("notes", 1.0)
    assert results.finished(soup, "notes", {"seed": 2}, tmp_path) is None
    assert results.finished(soup, "tuned", {"seed": 1}, tmp_path) is None


@pytest.mark.parametrize("text", ["{", "{}", '{"recipe": "soup"}'], ids=["cut", "empty", "old"])
def test_a_result_that_cannot_be_read_says_what_to_delete(text: str, tmp_path: Path) -> None:
    (tmp_path / "soup.notes.json").write_text(text)
    with pytest.raises(DataError, match=r"soup.notes.json is no result of this version: delete"):
        Results(tmp_path).load("soup", "notes")


def test_a_shipped_model_stands_beside_the_better_setting(tmp_path: Path) -> None:
    value = shipped_figure(Shipped(model="digits", metric="accuracy"))
    assert value is not None
    assert value > 0.99
    row = row_of(recipe(shipped=Shipped(model="digits", metric="accuracy")), Results(tmp_path))
    assert row.better_shown.endswith("(shipped `digits`)")


def test_a_model_that_does_not_ship_is_left_out(tmp_path: Path) -> None:
    assert shipped_figure(Shipped(model="soup", metric="accuracy")) is None
    assert shipped_figure(Shipped(model="digits", metric="salt")) is None


def test_the_table_is_written_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "notes.md"
    page.write_text(f"before\n{FIRST_MARKER}\nold\n{LAST_MARKER}\nafter\n")
    write_between_markers(page, "| new |\n")
    write_between_markers(page, "| new |\n")
    assert page.read_text() == f"before\n{FIRST_MARKER}\n\n| new |\n\n{LAST_MARKER}\nafter\n"


@pytest.mark.parametrize("text", ["", FIRST_MARKER, f"{LAST_MARKER} {FIRST_MARKER}"])
def test_a_page_without_markers_says_which_it_needs(text: str, tmp_path: Path) -> None:
    page = tmp_path / "notes.md"
    page.write_text(text)
    with pytest.raises(DataError, match=r"needs a line <!-- recipes: table -->"):
        write_between_markers(page, "new")
    assert page.read_text() == text


def test_a_page_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        write_between_markers(tmp_path / "nowhere.md", "new")
