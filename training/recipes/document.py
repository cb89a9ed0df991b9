"""A page of documentation kept up to date: its tables and its pictures."""

from collections.abc import Sequence
from pathlib import Path

from training.next_value import table as series_table
from training.recipes.pictures import copy_pictures
from training.recipes.recipe import load_recipe
from training.recipes.request import RecipeRequest
from training.recipes.results import Results
from training.recipes.table import Row, as_markdown, markers, write_between_markers


def update(page: Path, rows: Sequence[Row], request: RecipeRequest) -> list[str]:
    """Write the table of recipes, and those of series and cells where the page has a place.

    Returns the names of pictures that nothing here drew.

    Raises:
        DataError: the page cannot be read, or has no place for the table of recipes.
    """
    write_between_markers(page, as_markdown(rows))
    for name, text in _further(rows, request).items():
        if text and markers(name)[0] in page.read_text(encoding="utf-8"):
            write_between_markers(page, text, name)
    return copy_pictures(page, (request.folder / "plots", _compared(request)))


def _further(rows: Sequence[Row], request: RecipeRequest) -> dict[str, str]:
    results = Results(request.results)
    both = [
        results.load(row.recipe, variant)
        for row in rows
        for variant in load_recipe(row.recipe).variants
    ]
    series = [one for one in both if one and series_table.is_series(one)]
    cells = _compared(request) / "table.md"
    return {
        "series": series_table.as_markdown(series) if series else "",
        "cells": cells.read_text(encoding="utf-8") if cells.is_file() else "",
    }


def _compared(request: RecipeRequest) -> Path:
    """Where ``seqserve train compare`` writes: beside the recipes."""
    return request.folder.parent / "compare"
