"""The belief after every row, against a network whose class is the mean grey level in tenths."""

import io
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from service.errors import InvalidInput
from service.rows import Array
from service.tasks.row_trace import MAX_TRACED, RowTrace
from tests.service.npy_bodies import packed

pytestmark = pytest.mark.anyio
WHITE_FROM_ROW_7 = np.repeat(np.where(np.arange(28) >= 7, 255, 0), 28).reshape(28, 28)


def png(image: Array) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


async def predictions(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()["predictions"]


@given(st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1, max_size=4))
def test_every_row_gets_the_answer_to_the_image_up_to_it(marks: list[list[int]]) -> None:
    images = np.array(marks, np.float32)[:, :, np.newaxis] * np.array([1, 0, 2], np.float32)
    weights = np.arange(15, dtype=np.float32).reshape(5, 3)

    def answers(shown: Array) -> Array:
        sums = (shown * weights).sum(axis=(1, 2))
        return np.stack([sums, -sums], axis=1)

    trace = RowTrace(images)
    shown = trace.shown_in_part()
    found = trace.by_row(answers(shown))

    assert shown.dtype == np.float32
    assert len(found) == len(images)
    for image, belief in zip(images, found, strict=True):
        cut = np.stack([np.where(np.arange(5)[:, np.newaxis] <= r, image, 0) for r in range(5)])
        np.testing.assert_array_equal(belief, answers(cut))
    news = np.count_nonzero((images[:, 1:] != 0).reshape(-1, 3).max(axis=1))
    expected = len(images) + news
    assert len(shown) == expected  # blank rows are not asked about again


async def test_the_trace_is_what_images_with_blank_rows_are_answered(
    client: httpx.AsyncClient,
) -> None:
    shown = [np.where(np.arange(28)[:, None] <= row, WHITE_FROM_ROW_7, 0) for row in range(28)]
    plain = await predictions(
        await client.post("/classify", json={"images": [image.tolist() for image in shown]})
    )
    body = {"images": [WHITE_FROM_ROW_7.tolist()], "trace": True}
    (traced,) = await predictions(await client.post("/classify", json=body))

    np.testing.assert_allclose(traced["trace"], [each["probabilities"] for each in plain], 1e-6)
    leaders = np.array(traced["trace"]).argmax(axis=1)
    assert leaders[[0, 6, 13, 27]].tolist() == [0, 0, 2, 7]  # 7 of 28 rows are 2.5 tenths
    assert traced["probabilities"] == traced["trace"][-1]
    assert (traced["label"], traced["digit"]) == ("7", 7)


async def test_images_of_a_request_keep_their_traces_apart(client: httpx.AsyncClient) -> None:
    images = [WHITE_FROM_ROW_7, np.zeros((28, 28)), np.full((28, 28), 255)]
    body = {"images": [image.tolist() for image in images], "trace": True}
    found = await predictions(await client.post("/classify", json=body))

    ends = [np.array(each["trace"]).argmax(axis=1)[[0, 27]].tolist() for each in found]
    assert ends == [[0, 7], [0, 0], [0, 9]]
    assert [len(each["trace"]) for each in found] == [28] * 3


async def test_without_trace_there_is_none(client: httpx.AsyncClient) -> None:
    body = {"images": WHITE_FROM_ROW_7.tolist()}
    asked_not = await client.post("/classify", json=body | {"trace": False})
    silent = await client.post("/classify", json=body)

    assert asked_not.json() == silent.json()
    assert "trace" not in silent.text


async def test_pictures_forms_and_numpy_files_are_traced_alike(client: httpx.AsyncClient) -> None:
    asked = {"params": {"trace": "true"}}
    picture, media = png(WHITE_FROM_ROW_7), {"Content-Type": "image/png"}
    file = {"files": [("images", ("a.png", picture, "image/png"))]}
    answers = [
        await client.post("/classify", content=picture, headers=media, **asked),  # type: ignore[arg-type]
        await client.post("/classify", data={"trace": "true"}, **file),  # type: ignore[arg-type]
        await client.post("/classify", **file, **asked),  # type: ignore[arg-type]
    ]
    npy = await client.post(
        "/classify?trace=1",
        content=packed(WHITE_FROM_ROW_7),
        headers={"Content-Type": "application/x-npy"},
    )
    json = await client.post("/classify", json={"images": WHITE_FROM_ROW_7.tolist(), "trace": True})

    (first, *others) = [await predictions(answer) for answer in answers]
    assert len(first[0]["trace"]) == 28
    assert others == [first, first]
    assert npy.json() == json.json()


@pytest.mark.parametrize("url", ["/classify?trace=perhaps", "/classify?trace="])
async def test_a_trace_that_is_neither_true_nor_false_is_refused(
    client: httpx.AsyncClient, url: str
) -> None:
    body, headers = packed(WHITE_FROM_ROW_7), {"Content-Type": "application/x-npy"}
    response = await client.post(url, content=body, headers=headers)

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == "trace"


async def test_a_picture_or_json_with_an_odd_trace_is_refused(client: httpx.AsyncClient) -> None:
    file = {"files": [("images", ("a.png", png(WHITE_FROM_ROW_7), "image/png"))]}
    form = await client.post("/classify", data={"trace": "perhaps"}, **file)  # type: ignore[arg-type]
    other = await client.post("/classify", data={"colour": "red"}, **file)  # type: ignore[arg-type]
    body = {"images": WHITE_FROM_ROW_7.tolist(), "trace": "yes"}
    json = await client.post("/classify", json=body)

    assert [form.status_code, json.status_code, other.status_code] == [422, 422, 400]
    assert "'colour'" in other.json()["detail"]
    assert {each.json()["errors"][0]["location"] for each in (form, json)} == {"trace"}


async def test_a_form_may_name_its_model(client: httpx.AsyncClient) -> None:
    file = {"files": [("images", ("a.png", png(WHITE_FROM_ROW_7), "image/png"))]}

    named = await client.post("/classify", data={"model": "digits", "version": "1"}, **file)  # type: ignore[arg-type]
    unknown = await client.post("/classify", data={"model": "letters"}, **file)  # type: ignore[arg-type]

    assert [named.status_code, unknown.status_code] == [200, 404]


async def test_too_many_images_are_not_traced(client: httpx.AsyncClient) -> None:
    images = np.zeros((MAX_TRACED + 1, 28, 28), np.uint8)
    response = await client.post(
        "/classify?trace=true",
        content=packed(images),
        headers={"Content-Type": "application/x-npy"},
    )

    assert response.status_code == 422
    assert response.json()["errors"][0]["location"] == "images"
    RowTrace(images[1:])
    with pytest.raises(InvalidInput):
        RowTrace(images)
