"""``seqserve predict classify``: name the digit in pictures, and show how the belief grew."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.predict_cli import DEFAULT_URL, AsJson, ModelName, Url, ask, fail, print_table

if TYPE_CHECKING:
    from service.client import Client


def classify(
    images: Annotated[list[Path], typer.Argument(help="PNG or JPEG files, each of one digit.")],
    trace: Annotated[
        bool, typer.Option("--trace", help="Show the belief after every row of the picture.")
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw the beliefs: PNG, SVG or PDF by its ending. Implies --trace."),
    ] = None,
    model: ModelName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Name the digit in each picture.

    For example:

      seqserve predict classify seven.png photo-of-a-three.jpg

      seqserve predict classify seven.png --trace --plot seven-by-rows.png
    """
    for path in images:
        if not path.is_file():
            fail(f"there is no file {path}")
    traced = trace or plot is not None

    def question(client: "Client") -> dict[str, Any]:
        answer = client.classify(images, model=model, trace=traced or None)
        if traced:
            answer["classes"] = _classes(client, answer)
        return answer

    answer = ask(url, question)
    classes = answer.pop("classes", [])
    if as_json:
        typer.echo(json.dumps(answer))
    else:
        _print(images, answer["predictions"], classes)
    if plot is not None:
        _draw(plot, images, answer["predictions"], classes)


def _classes(client: "Client", answer: dict[str, Any]) -> list[str]:
    classes: list[str] = client.model(answer["model"]["name"])["parameters"]["classes"]
    return [str(label) for label in classes]


def _print(images: list[Path], predictions: list[dict[str, Any]], classes: list[str]) -> None:
    from service.predict_tables import classification_table, trace_table  # noqa: PLC0415

    if not classes:
        print_table(classification_table([path.name for path in images], predictions))
    for path, found in zip(images, predictions, strict=True):
        if classes:
            print_table(trace_table(path.name, found, classes))


def _draw(
    plot: Path, images: list[Path], predictions: list[dict[str, Any]], classes: list[str]
) -> None:
    try:
        from service.trace_plot import draw  # noqa: PLC0415
    except ImportError:
        fail("--plot needs matplotlib: pip install 'seqserve[train]', or make install")
    try:
        shown = draw(plot, images, predictions, classes)
    except (OSError, ValueError) as error:
        fail(f"cannot write {plot}: {error}")
    rest = f", the first {shown} of {len(images)} pictures" if shown < len(images) else ""
    typer.echo(f"wrote {plot}{rest}", err=True)


def register(app: typer.Typer) -> None:
    """Add the command to ``seqserve predict``."""
    app.command("classify")(classify)
