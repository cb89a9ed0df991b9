"""GET /models and below."""

import httpx
import pytest

from models.manifest import Manifest

pytestmark = pytest.mark.anyio


async def test_all_models_are_listed_with_their_endpoints(client: httpx.AsyncClient) -> None:
    models = (await client.get("/models")).json()["models"]

    assert [(each["name"], each["endpoint"], each["version"]) for each in models] == [
        ("digits", "/classify", "1"),
        ("forecaster", "/forecast", "1"),
        ("next-word", "/next-word", "1"),
        ("transducer", "/transduce", "1"),
    ]
    assert all(each["default"] and each["versions"] == ["1"] for each in models)


async def test_a_model_shows_its_figures_next_to_their_baselines(client: httpx.AsyncClient) -> None:
    model = (await client.get("/models/forecaster")).json()

    assert model["metrics"] == [
        {
            "name": "accuracy",
            "data": "made up",
            "split": "test",
            "value": 0.5,
            "baselines": {"prior": 0.1},
            "note": "",
        }
    ]
    assert model["parameters"]["context_length"] == 64


async def test_a_version_shows_its_manifest_in_full(client: httpx.AsyncClient) -> None:
    version = (await client.get("/models/digits/versions/1")).json()

    assert version["serves"] is True
    fields = set(Manifest.__dataclass_fields__)
    assert set(version["manifest"]) == fields


@pytest.mark.parametrize(
    "path",
    [
        "/models/oracle",
        "/models/oracle/versions/1",
        "/models/digits/versions/2",
        "/models/..%2F..%2Fetc",
        "/models/%2E%2E/versions/1",
        "/models/digits/versions/%2E%2E",
    ],
)
async def test_what_does_not_exist_is_404(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
