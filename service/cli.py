"""The commands of the service; heavy imports wait inside."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from service import (
    backtest_cli,
    predict_classify_cli,
    predict_cli,
    predict_signals_cli,
    predict_words_cli,
)

if TYPE_CHECKING:
    from service.settings import Settings

BAD_USAGE = 2

models = typer.Typer(help="Look at the exports in a repository.", no_args_is_help=True)

RepositoryOption = Annotated[
    Path | None,
    typer.Option(help="Folder of exports.  [default: SEQSERVE_REPOSITORY or models/repository]"),
]


def register(app: typer.Typer) -> None:
    """Add the commands of the service to the root command."""
    app.command()(serve)
    app.command("settings")(show_settings)
    app.add_typer(models, name="models")
    predict_classify_cli.register(predict_cli.app)
    predict_words_cli.register(predict_cli.app)
    predict_signals_cli.register(predict_cli.app)
    app.add_typer(predict_cli.app, name="predict")
    app.command("backtest")(backtest_cli.backtest)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.")] = None,
    workers: Annotated[str | None, typer.Option(help="Processes that serve, or auto.")] = None,
    repository: RepositoryOption = None,
) -> None:
    """Serve every model of the repository over REST until SIGTERM or Ctrl-C.

    What is not given here comes from SEQSERVE_* variables; `seqserve settings` lists them.

    For example:

      seqserve serve

      seqserve serve --host 0.0.0.0 --port 8080 --workers 2

      SEQSERVE_MAX_BATCH_ROWS=128 seqserve serve --repository ./exports
    """
    from service.server import run_server  # noqa: PLC0415

    settings = _settings(host=host, port=port, workers=workers, repository=repository)
    raise typer.Exit(run_server(settings))


def show_settings() -> None:
    """List every setting: its variable, value, default and meaning.

    For example:

      SEQSERVE_PORT=9000 seqserve settings
    """
    from rich.table import Table  # noqa: PLC0415

    from service.settings import ENV_PREFIX  # noqa: PLC0415

    settings = _settings()
    table = Table("variable", "value", "default", "meaning", box=None, pad_edge=False)
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        default = None if field.default_factory else field.default
        style = "bold" if value != default else ""
        variable = ENV_PREFIX + name.upper()
        table.add_row(variable, _shown(value), _shown(default), field.description, style=style)
    _print(table)


@models.command("list")
def list_models(repository: RepositoryOption = None) -> None:
    """List the models on disk, the version of each that would serve, and its first figure.

    For example:

      seqserve models list --repository ./exports
    """
    from rich.table import Table  # noqa: PLC0415

    found = _repository(repository)
    table = Table("model", "task", "active", "versions", "measured", box=None, pad_edge=False)
    for name in found.names():
        active = found.active(name)
        manifest = found.manifest(name, active)
        versions = ", ".join(found.versions(name))
        table.add_row(name, manifest.task, active, versions, _headline(manifest))
    _print(table)


@models.command("show")
def show_model(
    name: str,
    version: Annotated[str | None, typer.Option(help="Version; else the active one.")] = None,
    repository: RepositoryOption = None,
) -> None:
    """Print the manifest of a model: figures, baselines, data, training command.

    For example:

      seqserve models show forecaster

      seqserve models show digits --version 1
    """
    from service.errors import ServiceError  # noqa: PLC0415

    found = _repository(repository)
    try:
        typer.echo(found.manifest(name, version or found.active(name)).to_json(), nl=False)
    except ServiceError as error:
        fail(error.detail)


def fail(sentence: str) -> NoReturn:
    """End with one sentence and the exit code of a wrong call."""
    typer.secho(f"error: {sentence}", err=True, fg=typer.colors.RED)
    raise typer.Exit(BAD_USAGE)


def _settings(**flags: Any) -> "Settings":
    from pydantic import ValidationError  # noqa: PLC0415

    from service.settings import ENV_PREFIX, Settings  # noqa: PLC0415

    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        label = f"--{name}" if flags.get(name) is not None else ENV_PREFIX + name.upper()
        fail(f"{label}: {first['msg']}, got {first['input']!r}")


def _repository(path: Path | None) -> Any:
    from service.errors import StartupError  # noqa: PLC0415
    from service.repository import Repository  # noqa: PLC0415

    try:
        return Repository(_settings(repository=path).repository)
    except StartupError as error:
        fail(error.detail)


def _headline(manifest: Any) -> str:
    if not manifest.metrics:
        return ""
    metric = manifest.metrics[0]
    return f"{metric.name} {metric.value:.4g} on {metric.data} ({metric.split})"


def _shown(value: object) -> str:
    return "-" if value is None else str(value)


def _print(table: Any) -> None:
    from rich.console import Console  # noqa: PLC0415

    # Piped into a file or grep, a line stays a line.
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table)
