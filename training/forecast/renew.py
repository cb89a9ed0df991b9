"""Write a forecaster again with this version's code: the same weights, nothing trained.

    python -m training.forecast.renew --export forecaster --repository build/repository

After a change of the networks in ``models/`` that leaves their answers as they are. The figures
and the report of the old export are kept; golden answers are given anew, after those of the old
one were reproduced. Expect: a few seconds.
"""

from pathlib import Path
from typing import Annotated

import typer

from training.errors import TrainingError
from training.export import write_export
from training.fine_tuning.parent import Parent, check_answers, find_parent, load_into
from training.forecast.adapting.parent import ARCHITECTURE
from training.forecast.config import ForecastTraining
from training.forecast.task import make_network
from training.renewal import draft_again


def renew(parent: Parent, repository: Path) -> Path:
    """Write ``parent`` again as a new version in ``repository``.

    Raises:
        DataError: its weights do not fit this version, or answer otherwise in it.
        ExportError: the graph does not answer as the network does.
    """
    known = {name: parent.options[name] for name in ARCHITECTURE if name in parent.options}
    network = make_network(ForecastTraining(**known))
    load_into(network, parent)
    check_answers(network, parent)
    return write_export(network, draft_again(parent), repository)


def main(
    export: Annotated[str, typer.Option(help="Name, name/version, or folder of an export.")],
    repository: Annotated[Path, typer.Option(help="Where the new version goes.")] = Path(
        "models/repository"
    ),
) -> None:
    """Write the export again and say where."""
    try:
        typer.echo(renew(find_parent(export, repository, "forecast"), repository))
    except TrainingError as error:
        raise typer.BadParameter(str(error)) from error


if __name__ == "__main__":
    typer.run(main)
