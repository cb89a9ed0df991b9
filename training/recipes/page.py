"""The report of a recipe: the notes' figure beside the measured one, then the notes' plots."""

from matplotlib.figure import Figure

from training.loop import History
from training.provenance import chosen_options
from training.recipes.config import RecipeTraining
from training.recipes.contract import Outcome
from training.recipes.recipe import Recipe, Variant
from training.report import Report, loss_curve

SETTINGS = {"notes": "the notes' setting", "tuned": "a better setting"}


def build_page(
    recipe: Recipe, variant: Variant, config: RecipeTraining, history: History, outcome: Outcome
) -> str:
    """Text, figures, loss curve, the family's plots, settings."""
    target, value = recipe.figure, outcome.figures[recipe.figure.name]
    verdict = "reached" if target.met_by(value) else "not reached"
    summary = (
        f"{recipe.description} With {SETTINGS[variant]}: {target.label} {target.text(value)}; "
        f"{target.bound}: {verdict}."
    )
    report = Report(f"{recipe.title}, {SETTINGS[variant]}", summary)
    report.text("What the notes do", recipe.setting)
    report.text("What the notes report", recipe.reported)
    if variant == "tuned":
        report.text("What is better here", recipe.better or _changes(recipe))
    report.table("Figures", ("figure", "value"), list(outcome.figures.items()))
    report.figure("Learning", _learning(history))
    for plot in outcome.plots:
        report.figure(plot.heading, plot.figure, plot.note)
    report.settings("Settings", chosen_options(config))
    return report.render()


def _learning(history: History) -> Figure:
    known = {"step", "loss", "learning_rate"}
    metrics = {key for record in history.records for key in record} - known
    steps, losses = history.series("loss")
    return loss_curve(steps, losses, **{name: history.series(name) for name in sorted(metrics)})


def _changes(recipe: Recipe) -> str:
    return ", ".join(f"{name} = {value}" for name, value in recipe.tuned.items())
