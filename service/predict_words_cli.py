"""``seqserve predict complete | score | neighbours``: what goes beyond the next word."""

import json
from typing import Annotated

import typer

from service.predict_cli import DEFAULT_URL, AsJson, ModelName, Url, ask, fail, print_table


def complete(  # noqa: PLR0913, PLR0917 - an argument is a flag
    prompt: Annotated[str, typer.Argument(help="Text to continue; may be empty.")] = "",
    max_words: Annotated[int, typer.Option(help="Words and marks to write at most.")] = 60,
    temperature: Annotated[float, typer.Option(help="0: always the likeliest word.")] = 0.8,
    top_p: Annotated[float, typer.Option(help="Share of the probability to draw from.")] = 0.9,
    seed: Annotated[int | None, typer.Option(help="The same seed tells the same story.")] = None,
    stop: Annotated[
        list[str] | None, typer.Option(help="Word or mark to end at; may be repeated.")
    ] = None,
    model: ModelName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Continue a text, word by word as they come.

    For example:

      seqserve predict complete "Once upon a time"

      seqserve predict complete "She looked out of the" --stop . --seed 7
    """
    from service.client import Client, ClientFailure  # noqa: PLC0415

    options = {
        "max_words": max_words,
        "temperature": temperature,
        "top_p": top_p,
        "seed": seed,
        "stop": stop or None,
        "model": model,
    }
    if as_json:
        answer = ask(url, lambda client: client.complete([prompt], **options))
        typer.echo(json.dumps(answer))
        return
    typer.echo(prompt, nl=False)
    try:
        for text in Client(url).story(prompt, **options):
            typer.echo(text, nl=False)
    except ClientFailure as error:
        typer.echo()
        fail(str(error))
    typer.echo()


def score(
    texts: Annotated[list[str], typer.Argument(help="Texts to judge.")],
    model: ModelName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Say how likely texts are, word by word.

    For example:

      seqserve predict score "She looked out of the window." "She looked out of the elephant."
    """
    answer = ask(url, lambda client: client.score(texts, model=model))
    if not as_json:
        from service.predict_tables import score_table  # noqa: PLC0415

        for text, found in zip(texts, answer["scores"], strict=True):
            print_table(score_table(text, found))
    else:
        typer.echo(json.dumps(answer))


def neighbours(
    words: Annotated[list[str], typer.Argument(help="Words; with --minus they are added up.")],
    minus: Annotated[
        list[str] | None, typer.Option(help="Word to take away; may be repeated.")
    ] = None,
    top_k: Annotated[int, typer.Option(help="Neighbours for each word.")] = 10,
    model: ModelName = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Find the words that the model uses most alike.

    For example:

      seqserve predict neighbours king walked --top-k 5

      seqserve predict neighbours king woman --minus man
    """
    asked = {"positive": words, "negative": minus} if minus else {"words": words}
    answer = ask(url, lambda client: client.neighbours(**asked, top_k=top_k, model=model))
    if not as_json:
        from service.predict_tables import neighbours_table  # noqa: PLC0415

        for found in answer["neighbours"]:
            print_table(neighbours_table(found))
    else:
        typer.echo(json.dumps(answer))


def register(app: typer.Typer) -> None:
    """Add the commands to ``seqserve predict``."""
    for command in (complete, score, neighbours):
        app.command()(command)
