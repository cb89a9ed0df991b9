"""What ``seqserve train recipe`` does with its words; the heavy imports are here."""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from training.errors import DataError
from training.recipes.document import update
from training.recipes.many import failed, run_all
from training.recipes.recipe import load_recipe, recipe_names
from training.recipes.request import RecipeRequest
from training.recipes.results import Results
from training.recipes.run import run_recipe
from training.recipes.table import (
    Row,
    as_json,
    as_markdown,
    as_table,
    row_of,
)


def run(name: str, request: RecipeRequest) -> None:
    """Run a recipe, or what ``all``, ``list`` and ``table`` say.

    Raises:
        TrainingError: as the recipes do.
    """
    words: dict[str, Callable[[RecipeRequest], None]] = {
        "all": _all,
        "list": _list,
        "table": _table,
    }
    if name in words:
        words[name](request)
        return
    recipe = load_recipe(name)
    run_recipe(recipe, request)
    _write(request)
    Console().print(as_table([row_of(recipe, Results(request.results))]))
    _say_where(request)


def _all(request: RecipeRequest) -> None:
    failures = run_all(recipe_names(), request)
    _write(request)
    _print(request)
    _say_where(request)
    if failures:
        raise failed(failures)


def _list(request: RecipeRequest) -> None:
    del request
    table = Table("recipe", "what it is")
    for name in recipe_names():
        table.add_row(name, load_recipe(name).description)
    Console().print(table)


def _table(request: RecipeRequest) -> None:
    if not request.results.is_dir():
        raise DataError(f"{request.results} holds no results: run `seqserve train recipe all`")
    if request.into is None:
        _print(request)
    else:
        missing = update(request.into, _rows(request), request)
        if missing:
            _say(f"left as they are, no recipe drew them here: {', '.join(missing)}")
    _write(request)


def _rows(request: RecipeRequest) -> Sequence[Row]:
    results = Results(request.results)
    rows = [row_of(load_recipe(name), results) for name in recipe_names()]
    return [row for row in rows if row.notes or row.tuned]


def _write(request: RecipeRequest) -> None:
    rows = _rows(request)
    (request.folder / "results.json").write_text(as_json(rows), encoding="utf-8")
    (request.folder / "results.md").write_text(as_markdown(rows), encoding="utf-8")


def _print(request: RecipeRequest) -> None:
    Console().print(as_table(_rows(request)))


def _say_where(request: RecipeRequest) -> None:
    _say(
        f"figures: {request.folder / 'results.json'}\nexports, each with a report.html: "
        f"{request.exports}, then: seqserve serve --repository {request.exports}"
    )


def _say(text: str) -> None:
    Console(stderr=True).print(text, soft_wrap=True, highlight=False, markup=False)
