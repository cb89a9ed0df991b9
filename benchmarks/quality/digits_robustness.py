"""How a running service reads spoilt digits, small ones and what is no digit; how sure it is.

    seqserve serve &
    python -m benchmarks.quality.digits_robustness --url http://127.0.0.1:8000

Every variant goes two ways: as an array, which the network sees as it is, and as a PNG, which is
cropped, scaled and centred first. Arrays are bright ink on black by contract, so dark ink on white
is read right as a picture only. ``--part validation`` measures on images that training set aside:
use it to choose, and the test images for the last figure only. Serve an export of ``--no-refit``
then; one that was refitted, as the shipped one, has learned from these images in the end.
Expect: some minutes on one core. ``make quality ARGS="--only digits-robustness"`` does the same.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console

from benchmarks.quality.digits_others import non_digits, small_digits
from benchmarks.quality.digits_variants import PLAIN, VARIANTS, Images
from benchmarks.quality.figures import Bound, Row, Run, Table, command_of
from training.digits.data import load_digits
from training.digits.evaluation import calibration_error
from training.digits.idx import read_idx_set

SHARED_FOLDER = Path("../shared/data/mnist")
ARRAYS_PER_REQUEST, PICTURES_PER_REQUEST = 200, 50
NON_DIGITS_OF_A_KIND = 280
SMALL, CALIBRATION = "8x8 digits", "expected calibration error"
WAYS = {
    "arrays": "What the network makes of the grey levels as they are: bright ink on black.",
    "pictures": "PNG files, which the service crops, scales and centres first.",
}

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]


class Part(StrEnum):
    """Which images of MNIST."""

    TEST = "test"
    VALIDATION = "validation"


@dataclass(frozen=True)
class Reader:
    """Asks a model of a running service; answers are probabilities (B, 10)."""

    client: httpx.Client
    model: str

    def arrays(self, images: Images) -> Probabilities:
        """The network's own reading of images (B, 28, 28)."""
        answers = []
        for some in _batches(images, ARRAYS_PER_REQUEST):
            stream = io.BytesIO()
            np.save(stream, some)
            answers.append(self._ask(content=stream.getvalue(), headers=_NPY))
        return np.concatenate(answers)

    def pictures(self, images: Images) -> Probabilities:
        """What the service makes of the same images as PNG files."""
        answers = []
        for some in _batches(images, PICTURES_PER_REQUEST):
            files = [("images", ("digit.png", png(image), "image/png")) for image in some]
            answers.append(self._ask(files=files))
        return np.concatenate(answers)

    def _ask(self, **body: Any) -> Probabilities:
        response = self.client.post("/classify", params={"model": self.model}, **body)
        predictions = response.raise_for_status().json()["predictions"]
        return np.array([prediction["probabilities"] for prediction in predictions])


_NPY = {"Content-Type": "application/x-npy"}


def _batches(images: Images, size: int) -> list[Images]:
    return [images[start : start + size] for start in range(0, len(images), size)]


def png(image: Images) -> bytes:
    """A PNG file of grey levels."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def auroc(digits: Probabilities, others: Probabilities) -> float:
    """How often a digit is answered with more confidence than what is none; ties count half.

    Source: Hendrycks & Gimpel 2017, arXiv:1610.02136 (the largest probability as confidence).
    """
    sure, unsure = digits.max(axis=1), np.sort(others.max(axis=1))
    below = np.searchsorted(unsure, sure, side="left")
    up_to = np.searchsorted(unsure, sure, side="right")
    return float((below + up_to).mean() / (2 * len(unsure)))


def accuracy(probabilities: Probabilities, labels: Labels) -> float:
    """Share of images whose most probable class is their label."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def measure(reader: Reader, images: Images, labels: Labels, n_pictures: int) -> dict[str, Any]:
    """All figures; the first ``n_pictures`` images go as pictures, too."""
    some = images[:n_pictures]
    read = {name: reader.arrays(change(images)) for name, change in VARIANTS.items()}
    seen = {name: reader.pictures(change(some)) for name, change in VARIANTS.items()}
    plain = read[PLAIN]
    small, small_labels = small_digits()
    return {
        "variants": {
            name: {
                "arrays": accuracy(read[name], labels),
                "pictures": accuracy(seen[name], labels[:n_pictures]),
            }
            for name in VARIANTS
        },
        SMALL: accuracy(reader.pictures(small), small_labels),
        CALIBRATION: calibration_error(plain, labels),
        "non-digits": _against_digits(reader, plain, seen[PLAIN]),
    }


def _against_digits(
    reader: Reader, arrays: Probabilities, pictures: Probabilities
) -> dict[str, dict[str, float]]:
    """AUROC of each kind of non-digits, and of all; and how sure the service is of each."""
    kinds: Mapping[str, Images] = non_digits(NON_DIGITS_OF_A_KIND)
    read = {kind: reader.arrays(images) for kind, images in kinds.items()}
    seen = {kind: reader.pictures(images) for kind, images in kinds.items()}
    read["all"], seen["all"] = (np.concatenate(list(each.values())) for each in (read, seen))
    return {
        kind: {
            "arrays": auroc(arrays, read[kind]),
            "pictures": auroc(pictures, seen[kind]),
            "mean confidence, arrays": float(read[kind].max(axis=1).mean()),
            "mean confidence, pictures": float(seen[kind].max(axis=1).mean()),
        }
        for kind in read
    }


def main(  # noqa: PLR0913, PLR0917 - an argument is a flag
    url: Annotated[str, typer.Option(help="A running service.")] = "http://127.0.0.1:8000",
    data: Annotated[Path, typer.Option(help="Folder with MNIST's IDX files.")] = SHARED_FOLDER,
    model: Annotated[str, typer.Option(help="Name of the model.")] = "digits",
    part: Annotated[Part, typer.Option(help="Validation to choose, test to report.")] = Part.TEST,
    images: Annotated[int, typer.Option(help="Images of each variant.", min=1)] = 10_000,
    pictures: Annotated[int, typer.Option(help="How many of them as PNGs, too.", min=1)] = 2_000,
    output: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
) -> None:
    """Measure how robust and how honest a running service is."""
    chosen, labels = _part(data, part)
    with httpx.Client(base_url=url, timeout=120.0) as client:
        found = measure(Reader(client, model), chosen[:images], labels[:images], pictures)
    counts = {"images": min(images, len(labels)), "pictures": min(images, pictures, len(labels))}
    _show(found, f"{model}: {counts['images']:,} {part} images, {counts['pictures']:,} as PNGs")
    if output is not None:
        output.write_text(
            json.dumps({"part": str(part), **counts, **found}, indent=2) + "\n", encoding="utf-8"
        )


def _part(data: Path, part: Part) -> tuple[Images, Labels]:
    if part is Part.TEST:
        test = read_idx_set(data, "t10k")
        return test.images, test.labels
    validation = load_digits(data).validation
    return validation.images, validation.labels


def tables(run: Run) -> Iterator[Table]:
    """The part ``digits-robustness`` of ``make quality``; a sample of the images when quick."""
    n_images, n_pictures = (1_000, 200) if run.quick else (10_000, 2_000)
    images, labels = _part(run.data / "mnist", Part.TEST)
    reader = Reader(run.client, "digits")
    yield from tables_of(measure(reader, images[:n_images], labels[:n_images], n_pictures))


def tables_of(found: Mapping[str, Any]) -> Iterator[Table]:
    """What ``measure`` found, to be read."""
    command = command_of("digits-robustness")
    for way, note in WAYS.items():
        rows = [Row(name, figures[way]) for name, figures in found["variants"].items()]
        yield Table(f"Spoilt MNIST digits as {way}: accuracy", command, rows, ".2%", note)
    small = Row("1,797 digits of 8x8, as pictures", found[SMALL], asked=Bound(least=0.97))
    yield Table("Scikit-learn's digits: accuracy", command, [small], ".2%")
    error = Row("MNIST, 15 bins", found[CALIBRATION], asked=Bound(most=0.005))
    yield Table("Digits: expected calibration error", command, [error], ".4f")
    for way in WAYS:
        rows = [
            Row(kind, figures[way], {"mean confidence": figures[f"mean confidence, {way}"]})
            for kind, figures in found["non-digits"].items()
        ]
        yield Table(f"No digits, as {way}: AUROC of the confidence", command, rows, ".4f")


def _show(found: Mapping[str, Any], title: str) -> None:
    console = Console()
    console.print(title)
    for table in tables_of(found):
        console.print(table.printed())


if __name__ == "__main__":
    typer.run(main)
