import io
import json

import httpx
import numpy as np
import pytest
from PIL import Image

from benchmarks.quality.digits import IMAGES_PER_REQUEST, Bodies, ask, compare

# As many images as need two requests; the grey level of each says which one it is.
IMAGES = np.tile(np.arange(IMAGES_PER_REQUEST + 3, dtype=np.uint8)[:, None, None], (1, 28, 28))


def answering(sizes: list[int]) -> httpx.Client:
    """A service that answers with the grey level of each image's first pixel."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        assert body["model"] == "digits"
        sizes.append(len(body["images"]))
        labels = [{"label": str(image[0][0])} for image in body["images"]]
        return httpx.Response(200, json={"predictions": labels})

    return httpx.Client(base_url="http://test", transport=httpx.MockTransport(answer))


def test_every_image_is_asked_once_and_answers_keep_their_order() -> None:
    sizes: list[int] = []

    labels = list(ask(answering(sizes), IMAGES, Bodies.JSON, "digits"))

    assert labels == [str(i) for i in range(len(IMAGES))]
    assert sizes == [IMAGES_PER_REQUEST, 3]


@pytest.mark.parametrize(
    ("bodies", "side", "grey"), [(Bodies.PNG, 28, 40), (Bodies.INVERTED, 112, 215)]
)
def test_pictures_are_sent_as_png_files(bodies: Bodies, side: int, grey: int) -> None:
    seen: list[tuple[int, int]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params["model"] == "digits"
        picture = request.content.split(b"\r\n\r\n", 1)[1]
        image = Image.open(io.BytesIO(picture))
        seen.append((image.size[0], int(np.asarray(image)[0, 0])))
        return httpx.Response(200, json={"predictions": [{"label": "4"}]})

    client = httpx.Client(base_url="http://test", transport=httpx.MockTransport(answer))

    assert list(ask(client, IMAGES[40:41], bodies, "digits")) == ["4"]
    assert seen == [(side, grey)]


def test_published_figures_stand_beside_the_measured_one_and_the_manifest() -> None:
    stated = {"name": "accuracy", "split": "test", "value": 0.995}
    metrics = [
        {"name": "accuracy", "split": "validation", "value": 0.5, "baselines": {}},
        stated | {"baselines": {"class prior": 0.1135}},
    ]

    rows = compare(0.996, metrics)

    assert rows[0] == ("this service, now", 0.996, None)
    differences = {name: difference for name, _, difference in rows}
    assert differences["this model, as its manifest states"] == pytest.approx(0.001)
    assert differences["class prior"] == pytest.approx(0.8825)
    assert differences["ReNet, four sweeps (Visin et al. 2015)"] == pytest.approx(0.0005)


def test_a_model_without_figures_is_compared_with_the_published_ones_only() -> None:
    assert len(compare(0.9, [])) == 5
