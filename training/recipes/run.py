"""One recipe: train each of its settings, measure, export, remember."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from training.checkpoint import CHECKPOINT_FILE
from training.draft import Draft
from training.export import write_export
from training.loop import History, fit
from training.options import configure_from
from training.provenance import chosen_options, describe_training
from training.recipes.config import RecipeTraining
from training.recipes.contract import Outcome, family_named
from training.recipes.page import build_page
from training.recipes.recipe import Recipe, Variant
from training.recipes.request import RecipeRequest
from training.recipes.results import Measured, Results

PLOT_DPI = 80


def run_recipe(recipe: Recipe, request: RecipeRequest) -> list[Measured]:
    """Run the settings that ``request`` asks for; with ``resume`` those not finished yet.

    Raises:
        DataError: the recipe or its data makes no sense.
        Interrupted: Ctrl-C or SIGTERM; ``--resume`` goes on.
    """
    return list(_run(recipe, request))


def _run(recipe: Recipe, request: RecipeRequest) -> Iterator[Measured]:
    results = Results(request.results)
    for variant in recipe.variants:
        if request.only not in (None, variant):
            continue
        config = configuration(recipe, variant, request)
        options = _json_options(config)
        found = results.finished(recipe, variant, options, request.exports)
        if request.resume and found:
            _say(f"{recipe.name}, {variant}: finished before, {found.export}")
            yield found
            continue
        measured = _train(recipe, variant, config, request.folder / "plots")
        results.store(measured)
        _say(f"{recipe.name}, {variant}: {recipe.figure.label} {measured.shown}")
        yield measured


def configuration(recipe: Recipe, variant: Variant, request: RecipeRequest) -> RecipeTraining:
    """The options of a setting, with what the request overrides."""
    name = recipe.export_name(variant)
    runs = request.folder / "runs"
    flags: dict[str, Any] = {
        "name": name,
        "repository": request.exports,
        "runs": runs,
        "data": request.data,
        "smoke": request.smoke,
        "seed": request.seed,
        "resume": request.resume and (runs / name / CHECKPOINT_FILE).is_file(),
    }
    raw = recipe.options_of(variant, smoke=request.smoke)
    return configure_from(family_named(recipe.family).OPTIONS, raw, flags, recipe.path)


def _train(recipe: Recipe, variant: Variant, config: RecipeTraining, plots: Path) -> Measured:
    experiment = family_named(recipe.family).prepare(config)
    history = fit(experiment.task, config, title=config.name)
    started = time.monotonic()
    outcome = experiment.outcome(history)
    folder = write_export(
        outcome.graph, _draft(recipe, variant, config, history, outcome), config.repository
    )
    if not config.smoke:
        _save_plots(outcome, plots, config.name)
    value = outcome.figures[recipe.figure.name]
    return Measured(
        recipe=recipe.name,
        variant=variant,
        value=value,
        shown=recipe.figure.text(value),
        target_met=recipe.figure.met_by(value),
        figures=dict(outcome.figures),
        options=_json_options(config),
        steps=config.steps,
        n_parameters=sum(p.numel() for p in experiment.task.network.parameters()),
        wall_time_s=round(history.wall_time_s + time.monotonic() - started, 1),
        export=str(folder.relative_to(config.repository)),
        smoke=config.smoke,
    )


def _save_plots(outcome: Outcome, folder: Path, name: str) -> None:
    """The report's plots as files of their own, small enough for a page of documentation."""
    folder.mkdir(parents=True, exist_ok=True)
    for plot in outcome.plots:
        slug = re.sub(r"[^a-z0-9]+", "-", plot.heading.lower()).strip("-")
        plot.figure.savefig(folder / f"{name}-{slug}.png", dpi=PLOT_DPI, bbox_inches="tight")


def _draft(
    recipe: Recipe, variant: Variant, config: RecipeTraining, history: History, outcome: Outcome
) -> Draft:
    described = describe_training(config, history)
    command = f"seqserve train recipe {recipe.name} --only {variant}"
    return Draft(
        name=config.name,
        task=outcome.task,
        inputs=outcome.inputs,
        outputs=outcome.outputs,
        parameters=outcome.parameters,
        golden=outcome.golden,
        metrics=outcome.metrics,
        training=described | {"command": command, "recipe": recipe.name, "setting": variant},
        data=outcome.data,
        licence=outcome.licence,
        report_html=build_page(recipe, variant, config, history, outcome),
        tolerance=outcome.tolerance,
        files=outcome.files,
        methods=outcome.methods,
        method_golden=outcome.method_golden,
    )


def _json_options(config: RecipeTraining) -> dict[str, Any]:
    options = chosen_options(config)
    return {name: value for name, value in options.items() if not isinstance(value, Path)}


def _say(text: str) -> None:
    Console(stderr=True).print(text, soft_wrap=True, highlight=False, markup=False)
