"""POST /classify, against a network whose class is the mean grey level in tenths of white."""

import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.service.harness import ServeWith
from tests.service.tiny_networks import Brightness, classifier_draft
from training.export import write_export

pytestmark = pytest.mark.anyio


def nested(tenths: int) -> list[list[float]]:
    return [[25.5 * tenths] * 28 for _ in range(28)]


def flat(tenths: int) -> list[float]:
    return [25.5 * tenths] * 784


def picture(side: int, file_format: str = "PNG") -> bytes:
    """A white square of that side on black, which is cropped to a 20x20 square."""
    canvas = np.zeros((3 * side, 3 * side), dtype=np.uint8)
    canvas[side : 2 * side, side : 2 * side] = 255
    stream = io.BytesIO()
    Image.fromarray(canvas).save(stream, file_format)
    return stream.getvalue()


# 20 x 20 white pixels of 28 x 28: 51 % of white.
SQUARE = 5


async def digits(response: httpx.Response) -> list[int]:
    assert response.status_code == 200, response.text
    return [prediction["digit"] for prediction in response.json()["predictions"]]


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param([nested(3), nested(8), nested(0)], [3, 8, 0], id="nested"),
        pytest.param([flat(4), flat(9)], [4, 9], id="flat"),
        pytest.param([flat(4), nested(2)], [4, 2], id="mixed"),
        pytest.param(nested(7), [7], id="one bare nested image"),
        pytest.param(flat(6), [6], id="one bare flat image"),
    ],
)
async def test_images_are_read_in_every_layout(
    client: httpx.AsyncClient, images: Any, expected: list[int]
) -> None:
    assert await digits(await client.post("/classify", json={"images": images})) == expected


async def test_an_answer_holds_label_digit_and_all_probabilities(client: httpx.AsyncClient) -> None:
    response = await client.post("/classify", json={"images": [nested(5)]})

    (prediction,) = response.json()["predictions"]
    assert (prediction["label"], prediction["digit"]) == ("5", 5)
    assert prediction["probability"] == max(prediction["probabilities"])
    assert prediction["probabilities"].index(prediction["probability"]) == 5
    assert sum(prediction["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert response.json()["model"] == {"name": "digits", "version": "1"}


@pytest.mark.parametrize(("media", "kind"), [("image/png", "PNG"), ("image/jpeg", "JPEG")])
async def test_a_picture_of_any_size_is_the_body_itself(
    client: httpx.AsyncClient, media: str, kind: str
) -> None:
    for side in (7, 90):
        response = await client.post(
            "/classify", content=picture(side, kind), headers={"Content-Type": media}
        )
        assert await digits(response) == [SQUARE]


async def test_several_pictures_come_as_a_form(client: httpx.AsyncClient) -> None:
    files = [
        ("images", ("a.png", picture(30), "image/png")),
        ("more", ("b.jpg", picture(50, "JPEG"), "image/jpeg")),
    ]

    assert await digits(await client.post("/classify", files=files)) == [SQUARE, SQUARE]


async def test_a_broken_picture_in_a_form_is_named_and_nothing_computed(
    serve_with: ServeWith,
) -> None:
    files = [("images", ("a.png", picture(30))), ("images", ("b.png", b"no picture"))]
    async with serve_with() as client:
        response = await client.post("/classify", files=files)

        assert response.status_code == 422
        assert response.json()["errors"] == [
            {"location": "images.1", "message": "the bytes are not a PNG or JPEG picture"}
        ]


async def test_pictures_that_are_too_large_together_are_refused(client: httpx.AsyncClient) -> None:
    stream = io.BytesIO()
    Image.new("1", (4999, 5000)).save(stream, "PNG")  # 25 million pixels in 3 kB
    files = [("images", stream.getvalue())] * 4
    refused = await client.post("/classify", files=[*files, ("more", picture(30))] * 2)

    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["location"] == "images.0"
    assert "pixels together" in error["message"]


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        pytest.param(b"GIF89a", "image/png", 422, id="not a picture"),
        pytest.param(b"", "image/png", 422, id="an empty picture"),
        pytest.param(picture(9)[:60], "image/png", 422, id="half a picture"),
        pytest.param(picture(9), "image/gif", 415, id="another kind of picture"),
        pytest.param(b"x", "multipart/form-data; boundary=b", 400, id="a broken form"),
        pytest.param(b"x", "multipart/form-data", 400, id="a form without a boundary"),
        pytest.param(b"--b--\r\n", "multipart/form-data; boundary=b", 422, id="an empty form"),
        pytest.param(
            b'--b\r\nContent-Disposition: form-data; name="images"\r\n\r\n7\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            400,
            id="a form with a field that is no file",
        ),
    ],
)
async def test_what_is_no_picture_is_refused(
    client: httpx.AsyncClient, content: bytes, media: str, status: int
) -> None:
    response = await client.post("/classify", content=content, headers={"Content-Type": media})

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def with_row(image: list[list[float]], at: int, row: list[Any]) -> list[list[float]]:
    return [*image[:at], row, *image[at + 1 :]]


@pytest.mark.parametrize(
    ("images", "location"),
    [
        pytest.param([], "images", id="no image"),
        pytest.param([nested(1), []], "images.1", id="an empty image"),
        pytest.param([nested(1), [*nested(1), [0.0] * 28]], "images.1", id="29 rows"),
        pytest.param([nested(1)[:27]], "images.0", id="27 rows"),
        pytest.param(nested(1)[:27], "images.0", id="27 rows of a bare image"),
        pytest.param([with_row(nested(1), 4, [0.0] * 29)], "images.0.4", id="29 in a row"),
        pytest.param([with_row(nested(1), 9, [1.0])], "images.0.9", id="a ragged row"),
        pytest.param([flat(1), flat(1)[1:]], "images.1", id="783 pixels"),
        pytest.param([with_row(nested(1), 2, [0.0] * 5 + [256.0] + [0.0] * 22)], "images.0.2.5"),
        pytest.param([with_row(nested(1), 3, [0.0] * 27 + [-1.0])], "images.0.3.27", id="negative"),
        pytest.param([with_row(nested(1), 3, [0.0] * 27 + ["7"])], "images.0.3.27", id="text"),
        pytest.param([with_row(nested(1), 3, [0.0] * 27 + [None])], "images.0.3.27", id="null"),
        pytest.param([[[[0.0]]]], "images.0.0", id="too deep"),
        pytest.param("seven", "images", id="a word"),
        pytest.param({"0": nested(1)}, "images", id="an object"),
    ],
)
async def test_bad_images_are_refused_with_their_place(
    client: httpx.AsyncClient, images: Any, location: str
) -> None:
    response = await client.post("/classify", json={"images": images})

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"].startswith(location)


async def test_a_picture_may_name_its_model_in_the_query(client: httpx.AsyncClient) -> None:
    png = {"content": picture(9), "headers": {"Content-Type": "image/png"}}

    named = await client.post("/classify", params={"model": "digits", "version": "1"}, **png)  # type: ignore[arg-type]
    unknown = await client.post("/classify", params={"model": "letters"}, **png)  # type: ignore[arg-type]

    assert named.status_code == 200
    assert unknown.status_code == 404


async def test_classes_that_are_no_digits_are_labels_only(
    serve_with: ServeWith, tmp_path: Any
) -> None:
    write_export(Brightness(), classifier_draft("letters", classes="abcdefghij"), tmp_path)
    async with serve_with(repository=tmp_path) as client:
        response = await client.post("/classify", json={"images": [nested(2)]})

    (prediction,) = response.json()["predictions"]
    assert prediction["label"] == "c"
    assert "digit" not in prediction
