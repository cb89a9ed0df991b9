"""How many of MNIST's 10,000 test images a running service reads right, beside published figures.

    seqserve serve &
    python -m benchmarks.quality.digits --url http://127.0.0.1:8000

``--bodies png`` sends the images as PNG files instead, so that they pass through the code that
crops, scales and centres; ``--bodies inverted`` sends them dark on white and four times as large.
Expect: under a minute, and the accuracy that the manifest of the model states.
"""

import io
import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from training.digits.idx import read_idx_set

SHARED_FOLDER = Path("../shared/data/mnist")
IMAGES_PER_REQUEST = 100

# Accuracy on the same 10,000 images.
PUBLISHED = {
    "ReNet, four sweeps (Visin et al. 2015)": 0.9955,
    "LSTM of 256 units, row by row": 0.989,
    "LSTM in the notes this project grew from": 0.9742,
    "RNN in the notes this project grew from": 0.9312,
}


class Bodies(StrEnum):
    """How the images are sent."""

    JSON = "json"
    PNG = "png"
    INVERTED = "inverted"


def ask(
    client: httpx.Client, images: NDArray[np.uint8], bodies: Bodies, model: str
) -> Iterator[str]:
    """The label that the service gives to each image."""
    for start in range(0, len(images), IMAGES_PER_REQUEST):
        some = images[start : start + IMAGES_PER_REQUEST]
        if bodies is Bodies.JSON:
            body = {"images": some.tolist(), "model": model}
            response = client.post("/classify", json=body)
        else:
            files = [("images", ("digit.png", _png(image, bodies), "image/png")) for image in some]
            response = client.post("/classify", params={"model": model}, files=files)
        predictions = response.raise_for_status().json()["predictions"]
        yield from (prediction["label"] for prediction in predictions)


def _png(image: NDArray[np.uint8], bodies: Bodies) -> bytes:
    picture = Image.fromarray(image)
    if bodies is Bodies.INVERTED:
        picture = Image.fromarray(255 - image).resize((112, 112), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def compare(
    accuracy: float, metrics: Sequence[dict[str, Any]]
) -> list[tuple[str, float, float | None]]:
    """Rows of name, accuracy and difference from what was measured now, the best first."""
    stated = next((m for m in metrics if (m["name"], m["split"]) == ("accuracy", "test")), None)
    others = dict(PUBLISHED)
    if stated is not None:
        others["this model, as its manifest states"] = stated["value"]
        others |= stated["baselines"]
    rows = [(name, value, accuracy - value) for name, value in others.items()]
    return sorted([("this service, now", accuracy, None), *rows], key=lambda row: -row[1])


def main(
    url: Annotated[str, typer.Option(help="A running service.")] = "http://127.0.0.1:8000",
    data: Annotated[Path, typer.Option(help="Folder with MNIST's IDX files.")] = SHARED_FOLDER,
    bodies: Annotated[Bodies, typer.Option(help="How to send the images.")] = Bodies.JSON,
    model: Annotated[str, typer.Option(help="Name of the model.")] = "digits",
    output: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
) -> None:
    """Measure the accuracy of a running service on the MNIST test images."""
    test = read_idx_set(data, "t10k")
    with httpx.Client(base_url=url, timeout=60.0) as client:
        stated = client.get(f"/models/{model}").raise_for_status().json()
        labels = list(ask(client, test.images, bodies, model))
    wrong = [i for i, label in enumerate(labels) if label != str(test.labels[i])]
    accuracy = 1.0 - len(wrong) / len(labels)
    rows = compare(accuracy, stated["metrics"])
    _show(rows, f"{model}: {len(labels):,} MNIST test images as {bodies}, {len(wrong)} wrong")
    if output is not None:
        result = {"accuracy": accuracy, "wrong": wrong, "bodies": str(bodies), "rows": rows}
        output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _show(rows: Sequence[tuple[str, float, float | None]], title: str) -> None:
    table = Table("system", "accuracy", "difference", title=title)
    for name, accuracy, difference in rows:
        shown = "" if difference is None else f"{100 * difference:+.2f}"
        table.add_row(name, f"{100 * accuracy:.2f} %", shown)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
