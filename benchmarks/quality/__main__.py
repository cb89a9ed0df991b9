"""``make quality``: start the service on the shipped exports and measure every model through it."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.quality import digits, forecast, next_word
from benchmarks.running_service import running_service


def main(
    repository: Annotated[Path, typer.Option(help="Exports to serve.")] = Path("models/repository"),
    data: Annotated[Path, typer.Option(help="Folder of mnist, series and text.")] = Path(
        "../shared/data"
    ),
    output: Annotated[Path, typer.Option(help="Folder for the figures as JSON.")] = Path(
        "build/quality"
    ),
) -> None:
    """Forecasts on M1 and M3, digits on MNIST's test images, next words on unseen novels."""
    output.mkdir(parents=True, exist_ok=True)
    with running_service(repository) as service:
        forecast.main(
            url=service.url, data=data / "series/validation", output=output / "forecast.json"
        )
        for bodies in digits.Bodies:
            digits.main(
                url=service.url,
                data=data / "mnist",
                bodies=bodies,
                output=output / f"digits-{bodies}.json",
            )
        next_word.main(
            url=service.url,
            text=data / "text/novels-valid.txt.gz",
            output=output / "next-word.json",
        )


if __name__ == "__main__":
    typer.run(main)
