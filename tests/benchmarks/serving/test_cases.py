import json
from pathlib import Path

import numpy as np
import orjson
import pytest

from benchmarks.serving.cases import CASES, Case, requests_of
from benchmarks.serving.protocols import Bento, Dialect, OpenInference, Plain

DIGITS = Case("digits", 3, (1,))
SERIES = Case("forecaster", 5, (1,), (64, 90))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    images = np.zeros((3, 28, 28))  # the last one stays blank
    images[0, 10:14, 11:13], images[1, 8:20, 9] = 250.2, 199.6
    golden = {"examples": [{"inputs": {"images": images.tolist()}}]}
    folder = tmp_path / "digits" / "1"
    folder.mkdir(parents=True)
    (folder / "golden.json").write_text(json.dumps(golden))
    return tmp_path


def test_a_request_holds_as_many_images_as_its_case_says(repository: Path) -> None:
    requests = requests_of(DIGITS, repository)
    for request in requests:
        assert np.array(request["images"]).shape == (3, 28, 28)
        assert np.array(request["images"]).max() in (200, 250)
    assert len({orjson.dumps(request) for request in requests}) > 1


def test_no_image_is_blank(repository: Path) -> None:
    images = [image for each in requests_of(DIGITS, repository) for image in each["images"]]
    assert len(images) > 40
    assert all(np.any(image) for image in images)


def test_series_have_the_lengths_of_their_case(repository: Path) -> None:
    lengths = {len(row) for each in requests_of(SERIES, repository) for row in each["series"]}
    assert min(lengths) >= 64
    assert max(lengths) <= 90
    assert len(lengths) > 2


def test_the_same_requests_are_made_every_time(repository: Path) -> None:
    for case in (DIGITS, SERIES):
        assert requests_of(case, repository) == requests_of(case, repository)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.model}-{case.items}")
def test_every_case_asks_for_one_and_for_many_connections(case: Case) -> None:
    assert case.connections[0] == 1
    assert str(case.items) in case.title


@pytest.mark.parametrize(
    "dialect", [Plain(), Bento(), OpenInference()], ids=["ours", "bento", "v2"]
)
def test_every_dialect_sends_the_same_pixels(dialect: Dialect, repository: Path) -> None:
    request = requests_of(DIGITS, repository)[0]
    body = orjson.loads(dialect.body("digits", request))
    sent = body["images"] if "images" in body else body["inputs"][0]["data"]
    assert np.array_equal(np.ravel(sent), np.ravel(request["images"]))


def test_tensors_are_padded_in_front_and_say_how_much_is_real(repository: Path) -> None:
    request = requests_of(SERIES, repository)[0]
    values, lengths = orjson.loads(OpenInference().body("forecaster", request))["inputs"]
    assert values["shape"] == [5, 512]
    rows = np.reshape(values["data"], values["shape"])
    for row, length, series in zip(rows, lengths["data"], request["series"], strict=True):
        assert np.array_equal(row[-length:], series)
        assert not row[:-length].any()


PROBABILITIES = [[0.25, 0.75], [0.5, 0.5]]
LISTED = [
    {"label": str(label), "probabilities": row}
    for label, row in zip([1, 0], PROBABILITIES, strict=True)
]
TENSORS = {
    "outputs": [
        {"name": "labels", "shape": [2, 1], "data": [1, 0]},
        {"name": "probabilities", "shape": [2, 2], "data": [0.25, 0.75, 0.5, 0.5]},
    ]
}


@pytest.mark.parametrize(
    ("dialect", "answer"),
    [(Plain(), {"predictions": LISTED}), (Bento(), LISTED), (OpenInference(), TENSORS)],
    ids=["ours", "bento", "v2"],
)
def test_every_dialect_reads_the_same_numbers(dialect: Dialect, answer: object) -> None:
    numbers = dialect.numbers("digits", orjson.dumps(answer))
    assert numbers.tolist() == [[1, 0.25, 0.75], [0, 0.5, 0.5]]


def test_forecasts_are_read_as_mean_and_quantiles_of_each_series() -> None:
    rows = np.arange(2 * 4 * 12.0).reshape(2, 4, 12)
    names = ["mean", "0.1", "0.5", "0.9"]
    forecasts = [
        {"mean": row[0].tolist(), "quantiles": dict(zip(names[1:], row[1:].tolist(), strict=True))}
        for row in rows
    ]
    numbers = Plain().numbers("forecaster", orjson.dumps({"forecasts": forecasts}))
    assert np.array_equal(numbers, rows)
