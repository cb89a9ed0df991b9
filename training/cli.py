"""``seqserve train ...``: a command per family; the heavy imports wait until one is chosen."""

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from training.compare.request import CompareRequest
from training.digits.config import DigitsTraining
from training.errors import NotRecommended, TrainingError
from training.forecast.config import ForecastTraining
from training.next_word.config import NextWordTraining
from training.options import as_flags, command, configure_from
from training.recipes.request import RecipeRequest
from training.transduce.config import TransducerTraining

app = typer.Typer(
    name="train",
    help="Train a model on your own data and export it for the service.",
    no_args_is_help=True,
)


def register(root: typer.Typer) -> None:
    """Add ``train`` and its families to the root command."""
    root.add_typer(app)


def _runner(module: str) -> Callable[[Any], None]:
    """Run ``module.train(config)``; a training error becomes one sentence and an exit code."""

    def run(config: Any) -> None:
        folder = _import(module).train(config)
        Console(stderr=True).print(
            f"exported to {folder}\nlook at {folder / 'report.html'}, then: seqserve serve "
            f"--repository {config.repository}",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )

    return run


def _import(module: str) -> Any:
    """The family's module; an environment made by ``make serve`` lacks what it needs."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise TrainingError(
            f"training needs {error.name}, which is not installed: run `make install`"
        ) from error


def _guarded(invoke: Callable[..., None]) -> Callable[..., None]:
    def guarded(**flags: Any) -> None:
        try:
            invoke(**flags)
        except TrainingError as error:
            answer = isinstance(error, NotRecommended)  # no failure: the verdict of --from
            text, style = (str(error), "yellow") if answer else (f"error: {error}", "red")
            Console(stderr=True).print(
                text, style=style, soft_wrap=True, highlight=False, markup=False
            )
            raise typer.Exit(error.exit_code) from error

    guarded.__signature__ = invoke.__signature__  # type: ignore[attr-defined]
    return guarded


def _add(name: str, config_class: type[Any], module: str, help_text: str) -> None:
    app.command(name, help=help_text)(_guarded(command(config_class, _runner(module))))


_add(
    "forecast",
    ForecastTraining,
    "training.forecast.train",
    """Train the forecaster on series: CSV, Parquet or JSON lines, long or wide.

    Examples:

      seqserve train forecast --data sales.csv --name sales

      seqserve train forecast --data load.parquet --season-length 24 --cell gru

      seqserve train forecast --data sales.csv --from forecaster

      seqserve train forecast --smoke

    With --from the shipped forecaster is adapted to the series in minutes, back-tested on their
    ends beside itself as it is, a network trained from nothing and classical methods, and exported
    as forecaster-sales only if it is better than all of them by more than chance.
    """,
)
_add(
    "digits",
    DigitsTraining,
    "training.digits.train",
    """Train the classifier that reads digits row by row: IDX files or PNGs in a folder per class.

    Examples:

      seqserve train digits --data mnist/

      seqserve train digits --data letters/ --name letters --cell gru

      seqserve train digits --data letters/ --from digits

      seqserve train digits --smoke

    With --from the shipped reader is adapted to your classes, any number and any labels, in
    minutes, and judged on pictures held out from it beside itself as it is, a network trained from
    nothing, the nearest picture and logistic regression. It is exported, as digits-letters, only
    if it is better than all of them by more than chance.
    """,
)
_add(
    "next-word",
    NextWordTraining,
    "training.next_word.train",
    """Train the next-word predictor on plain text: a file or a folder, plain or gz.

    Examples:

      seqserve train next-word --data novels/ --name novels

      seqserve train next-word --data mail.txt.gz --vocabulary-size 5000

      seqserve train next-word --data mail/ --from next-word

      seqserve train next-word --smoke

    With --from the shipped network is adapted to your text in minutes; words that it does not know
    join its vocabulary. It is judged on the end of the text beside itself as it is, a network
    trained from nothing and Kneser-Ney, and exported, as next-word-mail, only if it is better than
    all of them by more than chance.
    """,
)
_add(
    "transducer",
    TransducerTraining,
    "training.transduce.train",
    """Train the network that maps a signal to a signal, sample by sample: a table with a column
    of inputs and one of outputs, or simulated sines and their cosines.

    Examples:

      seqserve train transducer --data pump.csv --input-column valve --output-column pressure

      seqserve train transducer --data pump.csv --name pump --cell gru --hidden-size 64

      seqserve train transducer --smoke
    """,
)


def _recipe(**flags: Any) -> None:
    name = flags.pop("name")
    request = configure_from(RecipeRequest, {}, flags, Path())
    _import("training.recipes.command").run(name, request)


_recipe.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter(
            "name",
            inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[
                str, typer.Argument(help="A recipe, or all, list, table.", metavar="NAME")
            ],
        ),
        *as_flags(RecipeRequest),
    ]
)
app.command(
    "recipe",
    help="""Repeat a system of the study notes: as they describe it, then with a better setting.

    Each ends in an export that the service serves, with a report.

    Examples:

      seqserve train recipe list

      seqserve train recipe sine-to-cosine-lstm

      seqserve train recipe all --jobs 2

      seqserve train recipe all --resume

      seqserve train recipe table --into docs/notes.md
    """,
)(_guarded(_recipe))


def _compare(request: Any) -> None:
    _import("training.compare.command").run(request)


app.command(
    "compare",
    help="""Compare the recurrent cells on one data set: one table, one plot.

    Every cell is trained alike, exported and timed: parameters, validation metric, a training
    step, a pass of the export at 1 and 32 rows. A few minutes by default.

    Examples:

      seqserve train compare

      seqserve train compare --family transduce --cells rnn,lstm,gru

      seqserve train compare --family forecast --data sales.csv --steps 200

      seqserve train compare --gradients

      seqserve train compare --smoke
    """,
)(_guarded(command(CompareRequest, _compare)))
