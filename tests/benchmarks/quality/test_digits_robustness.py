import io
import json
from pathlib import Path

import httpx
import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from benchmarks.quality import digits_robustness
from benchmarks.quality.digits_others import LETTERS, enlarged, non_digits, small_digits
from benchmarks.quality.digits_robustness import Reader, auroc, measure
from benchmarks.quality.digits_variants import (
    VARIANTS,
    Images,
    blurred,
    inverted,
    noisy,
    rotated,
    shifted,
    thick,
    thin,
)
from benchmarks.quality.figures import Run
from benchmarks.quality.parts import PARTS
from tests.training.digits.pictures import write_idx

BAR = np.zeros((3, 28, 28), np.uint8)
BAR[:, 6:22, 12:16] = 255  # an upright stroke of 16 x 4 pixels
LABELS = np.array([1, 0, 1])


def grey_reader(asked: list[str]) -> Reader:
    """A service that says 1 as surely as the image is dark, arrays and pictures alike."""

    def images_in(request: httpx.Request) -> list[Images]:
        asked.append(request.headers["content-type"])
        if asked[-1] == "application/x-npy":
            return list(np.load(io.BytesIO(request.content)))
        files = request.content.split(b"\r\n\r\n")[1:]
        return [np.asarray(Image.open(io.BytesIO(file))) for file in files]

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params["model"] == "digits"
        sure = [1.0 - float(image.mean()) / 510 for image in images_in(request)]
        answers = [{"probabilities": [1 - each, each] + [0.0] * 8} for each in sure]
        return httpx.Response(200, json={"predictions": answers})

    client = httpx.Client(base_url="http://test", transport=httpx.MockTransport(answer))
    return Reader(client, "digits")


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_keeps_the_layout_and_is_the_same_each_time(name: str) -> None:
    changed = VARIANTS[name](BAR)

    assert changed.shape == BAR.shape
    assert changed.dtype == np.uint8
    np.testing.assert_array_equal(changed, VARIANTS[name](BAR))
    assert (name == "as they are") == bool((changed == BAR).all())


def test_a_shift_moves_ink_and_loses_none() -> None:
    far = shifted(np.tile(BAR[:1], (64, 1, 1)), 9)

    assert (far.sum(axis=(1, 2)) == BAR[0].sum()).all()
    tops = {int(np.flatnonzero(image.max(axis=1))[0]) for image in far}
    assert tops == {0, 6, 12}  # as far as there is room, or not at all
    lefts = {int(np.flatnonzero(image.max(axis=0))[0]) for image in far}
    assert lefts == {3, 12, 21}
    np.testing.assert_array_equal(shifted(np.zeros_like(BAR), 2), np.zeros_like(BAR))


def test_images_turn_to_either_side_in_turn() -> None:
    left, right, again = rotated(BAR, 20)

    np.testing.assert_array_equal(left, again)
    assert left[6:10, :12].sum() > left[6:10, 16:].sum()
    assert right[6:10, :12].sum() < right[6:10, 16:].sum()


def test_noise_is_as_strong_as_asked_for() -> None:
    grey = np.full((4, 28, 28), 128, np.uint8)

    assert noisy(grey, 25.0).astype(float).std() == pytest.approx(25.0, rel=0.05)


def test_strokes_become_wider_and_narrower() -> None:
    ink = [float(variant(BAR)[0].sum()) / 255 for variant in (thin, blurred_a_little, thick)]

    assert ink[0] == pytest.approx(15 * 3, rel=0.1)
    assert ink[1] == pytest.approx(16 * 4, rel=0.05)
    assert ink[2] == 18 * 6


def blurred_a_little(images: Images) -> Images:
    return blurred(images, 0.5)


def test_inverted_is_the_negative() -> None:
    assert inverted(BAR)[0, 0, 0] == 255
    assert inverted(BAR)[0, 10, 13] == 0


def test_small_digits_are_all_of_scikit_learn_and_stand_in_a_margin() -> None:
    images, labels = small_digits()

    assert images.shape == (1797, 28, 28)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images[:, :4].max() == images[:, :, -4:].max() == 0
    level = enlarged(np.full((8, 8), 16.0))
    assert level[4:24, 4:24].min() == 255


def test_non_digits_come_in_kinds_of_equally_many() -> None:
    kinds = non_digits(5)

    assert set(kinds) == {"letters", "noise", "smooth noise", "textures", "blank"}
    for images in kinds.values():
        assert images.shape == (5, 28, 28)
        assert images.dtype == np.uint8
    assert kinds["blank"].max() <= 12
    assert not set("oOlISsZzBbgq0123456789") & set(LETTERS)
    for image in kinds["letters"]:
        rows, columns = (np.flatnonzero(image.max(axis=axis)) for axis in (1, 0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20


def test_auroc_counts_pairs_and_halves_ties() -> None:
    digits, others = np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([[0.4, 0.6], [0.5, 0.5]])

    assert auroc(digits, others) == pytest.approx((2 + 1.5) / 4)


def test_every_image_is_asked_in_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        digits_robustness, "small_digits", lambda: (BAR[:2], np.array([1, 1], np.int64))
    )
    monkeypatch.setattr(digits_robustness, "NON_DIGITS_OF_A_KIND", 2)
    asked: list[str] = []

    found = measure(grey_reader(asked), BAR, LABELS, 2)

    assert set(found["variants"]) == set(VARIANTS)
    assert found["variants"]["thick strokes"] == {"arrays": pytest.approx(2 / 3), "pictures": 0.5}
    assert found["8x8 digits"] == 1.0
    sure = 1.0 - BAR[0].mean() / 510
    assert found["expected calibration error"] == pytest.approx(sure - 2 / 3)
    assert found["non-digits"]["noise"]["arrays"] == 1.0
    assert found["non-digits"]["blank"]["pictures"] == 0.0  # darker than any digit
    assert set(found["non-digits"]) == {*non_digits(1), "all"}
    assert {kind.partition(";")[0] for kind in asked} == {
        "application/x-npy",
        "multipart/form-data",
    }


def test_the_command_prints_and_writes_its_figures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    figures = {"mean confidence, arrays": 0.5, "mean confidence, pictures": 0.5}
    found = {
        "variants": {"as they are": {"arrays": 0.9917, "pictures": 0.5}},
        "non-digits": {"noise": {"arrays": 0.75, "pictures": 0.5, **figures}},
        "8x8 digits": 0.9717,
        "expected calibration error": 0.0033,
    }
    seen: list[int] = []

    def measured(reader: Reader, images: object, labels: list[int], n: int) -> object:
        seen.append(len(labels))
        return found

    monkeypatch.setattr(digits_robustness, "measure", measured)
    app = typer.Typer()
    app.command()(digits_robustness.main)
    folder = write_idx(tmp_path / "idx")
    for part in ("test", "validation"):
        output = tmp_path / f"{part}.json"
        flags = ["--data", str(folder), "--part", part, "--output", str(output), "--images", "7"]
        result = CliRunner().invoke(app, flags)

        assert result.exit_code == 0, result.output
        assert "99.17%" in result.output
        assert "at least 97.00%" in result.output
        assert "MISSED" not in result.output
        written = json.loads(output.read_text())
        assert (written["part"], written["images"]) == (part, 7)
    assert seen == [7, 7]


def test_it_is_a_part_of_make_quality(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def measured(_: Reader, images: Images, labels: object, n_pictures: int) -> object:
        seen.append((len(images), n_pictures))
        return {
            "variants": {"as they are": {"arrays": 0.5, "pictures": 0.25}},
            "non-digits": {},
            "8x8 digits": 0.96,
            "expected calibration error": 0.004,
        }

    monkeypatch.setattr(digits_robustness, "measure", measured)
    write_idx(tmp_path / "mnist")
    with httpx.Client() as client:
        run = Run(client, tmp_path, tmp_path, quick=True)
        found = list(PARTS["digits-robustness"](run))

    assert seen == [(30, 200)]
    missed = [row.figure for table in found for row in table.rows if row.holds() is False]
    assert missed == ["1,797 digits of 8x8, as pictures"]
    assert [table.rows[0].here for table in found if table.rows] == [0.5, 0.25, 0.96, 0.004]
