"""The ``seqserve`` command: every subcommand, none of the heavy imports."""

from importlib.util import find_spec

import typer

import service.cli

app = typer.Typer(
    name="seqserve",
    help="""Train small sequence models on your own data, export them, serve them over REST.

    Examples:

      seqserve serve

      seqserve predict next-word "to be or not to"

      seqserve train forecast --data sales.csv
    """,
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
service.cli.register(app)
if find_spec("training"):  # the image holds the service alone
    import training.cli

    training.cli.register(app)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
