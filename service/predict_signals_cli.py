"""``seqserve predict transduce``: signals from a file to signals on standard output."""

import csv
import json
import sys
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.predict_cli import DEFAULT_URL, AsJson, ModelName, Url, ask, fail, read_series_file

if TYPE_CHECKING:
    from service.series_file import Value


def transduce(
    signals: Annotated[
        Path,
        typer.Option(help="CSV (a column a signal), JSON lines or plain numbers; - reads them."),
    ],
    states: Annotated[
        Path | None,
        typer.Option(help="JSON file to go on from if it is there, and to keep new states in."),
    ] = None,
    model: ModelName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Map signals sample by sample; the outputs are written as CSV, a column a signal.

    For example:

      seqserve predict transduce --signals monday.csv --states pump.json > monday-out.csv

      seqserve predict transduce --signals tuesday.csv --states pump.json > tuesday-out.csv
    """
    named = {name: _ended(values) for name, values in read_series_file(signals).items()}
    for name, samples in named.items():
        if None in samples:
            fail(f"{name}: sample {samples.index(None)} is missing; fill gaps first")
    before = _read_states(states)
    tokens = [before.get(name) for name in named]
    answer = ask(
        url, lambda client: client.transduce(list(named.values()), states=tokens, model=model)
    )
    if states is not None:
        kept = before | dict(zip(named, answer["states"], strict=True))
        states.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(answer))
    else:
        _write_columns(list(named), answer["outputs"])


def _ended(values: "list[Value]") -> "list[Value]":
    """Without the empty cells below a column that is shorter than others."""
    known = [at for at, value in enumerate(values) if value is not None]
    return values[: known[-1] + 1] if known else values


def _read_states(path: Path | None) -> dict[str, str]:
    if path is None or not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail(f"cannot read {path}: {error}")
    if not isinstance(found, dict):
        fail(f"{path} holds no states: an object of signal names and tokens is needed")
    return found


def _write_columns(names: list[str], outputs: list[list[Any]]) -> None:
    """Shorter signals end in empty cells."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip_longest(*outputs, fillvalue=""))


def register(app: typer.Typer) -> None:
    """Add the command to ``seqserve predict``."""
    app.command("transduce")(transduce)
