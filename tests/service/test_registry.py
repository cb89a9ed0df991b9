"""Which model answers; and what keeps the service from starting."""

import asyncio
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from models.export_folder import GOLDEN_FILE, MANIFEST_FILE, MODEL_FILE, SERVING_FILE, digest_file
from service import lifecycle
from service.errors import ExportBroken, ModelNotFound, StartupError, WrongTask
from service.lifecycle import Service
from service.loading import load_models
from service.registry import Registry
from service.settings import Settings
from service.threads import ThreadPlan
from tests.service.harness import ServeWith, service_behind
from tests.service.tiny_networks import (
    LastPlusStep,
    NextInVocabulary,
    forecaster_draft,
    next_word_draft,
)
from training.export import write_export

PLAN = ThreadPlan(processors=1, workers=1, intra_op=1)


def model(name: str, task: str, version: str = "1") -> Any:
    endpoint = f"/{task}"
    return SimpleNamespace(
        name=name, version=version, task=SimpleNamespace(name=task, endpoint=endpoint)
    )


def load(repository: Path) -> None:
    load_models(Settings(repository=repository, warmup_max_s=0), PLAN, lambda: False)


@pytest.fixture
def repository(tmp_path: Path, tiny_repository: Path) -> Path:
    """A copy of the tiny repository, to damage."""
    return shutil.copytree(tiny_repository, tmp_path / "copy")


def rewrite(folder: Path, name: str, content: bytes) -> None:
    """Replace a file and its digest, as somebody would who wants to be believed."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    digest = digest_file(folder / name)
    manifest["files"][name] = {"sha256": digest.sha256, "size_bytes": digest.size_bytes}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest))


def test_the_preferred_model_is_the_default() -> None:
    registry = Registry([model("b", "forecast"), model("a", "forecast")], {"forecast": "a"})

    assert registry.find("forecast").name == "a"
    assert registry.find("forecast", "b").name == "b"


def test_without_the_preferred_the_only_one_is_the_default() -> None:
    registry = Registry([model("mine", "forecast"), model("x", "classify")], {"forecast": "a"})

    assert registry.find("forecast").name == "mine"


def test_between_several_the_request_has_to_choose() -> None:
    registry = Registry([model("b", "forecast"), model("c", "forecast")], {"forecast": "a"})

    with pytest.raises(ModelNotFound, match="name one of: b, c"):
        registry.find("forecast")


def test_a_model_of_another_task_is_not_asked() -> None:
    registry = Registry([model("x", "classify")], {"forecast": "x"})

    with pytest.raises(WrongTask, match="answers /classify"):
        registry.find("forecast", "x")
    with pytest.raises(ModelNotFound, match="none"):
        registry.find("forecast")


def test_only_the_loaded_version_answers() -> None:
    registry = Registry([model("a", "forecast", version="3")], {"forecast": "a"})

    assert registry.find("forecast", version="3").version == "3"
    with pytest.raises(ModelNotFound, match="version '3' does"):
        registry.find("forecast", version="2")


@pytest.mark.anyio
async def test_the_active_version_serves_the_others_are_listed(
    repository: Path, serve_with: ServeWith
) -> None:
    write_export(LastPlusStep(), forecaster_draft(), repository)
    (repository / "forecaster" / SERVING_FILE).write_text('{"active": "1", "labels": {}}')
    async with serve_with(repository=repository) as client:
        answer = (await client.post("/forecast", json={"series": [1]})).json()
        listed = (await client.get("/models/forecaster")).json()
        other = (await client.get("/models/forecaster/versions/2")).json()

    assert answer["model"]["version"] == "1"
    assert listed["versions"] == ["1", "2"]
    assert other["serves"] is False


@pytest.mark.anyio
async def test_several_models_may_serve_a_task(repository: Path, serve_with: ServeWith) -> None:
    write_export(NextInVocabulary(), next_word_draft("poems"), repository)
    async with serve_with(repository=repository) as client:
        body = {"contexts": ["aa"], "model": "poems"}
        answer = (await client.post("/next-word", json=body)).json()
        default = (await client.post("/next-word", json={"contexts": ["aa"]})).json()

        assert len(service_behind(client).registry.models) == 5
    assert answer["model"]["name"] == "poems"
    assert default["model"]["name"] == "next-word"


def test_a_missing_repository_keeps_the_service_from_starting(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="no model repository at .*nowhere"):
        load(tmp_path / "nowhere")


def test_an_empty_repository_keeps_the_service_from_starting(tmp_path: Path) -> None:
    (tmp_path / "no versions").mkdir()
    (tmp_path / "a file").touch()
    with pytest.raises(StartupError, match="holds no export; train one"):
        load(tmp_path)


def test_a_changed_file_is_never_loaded(repository: Path) -> None:
    path = repository / "digits" / "1" / MODEL_FILE
    path.write_bytes(path.read_bytes() + b"\0")

    with pytest.raises(ExportBroken, match=r"digits.1.model\.pt: differs from the digest"):
        load(repository)


def test_a_missing_file_is_named(repository: Path) -> None:
    (repository / "next-word" / "1" / "vocabulary.txt").unlink()

    with pytest.raises(ExportBroken, match=r"vocabulary\.txt: listed in the manifest but missing"):
        load(repository)


def test_a_broken_manifest_is_named(repository: Path) -> None:
    (repository / "digits" / "1" / MANIFEST_FILE).write_text("{")

    with pytest.raises(ExportBroken, match="not a manifest"):
        load(repository)


def test_a_broken_serving_file_is_named(repository: Path) -> None:
    (repository / "digits" / SERVING_FILE).write_text('{"active": "9"}')

    with pytest.raises(ExportBroken, match=r"serving\.json: names version '9'"):
        load(repository)


def test_what_torch_cannot_load_is_named(repository: Path) -> None:
    rewrite(repository / "digits" / "1", MODEL_FILE, b"not a graph")

    with pytest.raises(ExportBroken, match=r"model\.pt: torch cannot load it"):
        load(repository)


def test_an_export_that_does_not_reproduce_its_golden_answers_is_refused(repository: Path) -> None:
    folder = repository / "forecaster" / "1"
    golden = json.loads((folder / GOLDEN_FILE).read_text())
    golden["examples"][0]["outputs"]["mean"][1][3] += 0.01
    rewrite(folder, GOLDEN_FILE, json.dumps(golden).encode())

    with pytest.raises(ExportBroken, match=r"golden\.json: model\.pt does not reproduce 'mean'"):
        load(repository)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="no JSON"),
        pytest.param(b'{"tolerance": 1, "examples": []}', id="no example"),
        pytest.param(b'{"tolerance": 1, "examples": [{"inputs": {}}]}', id="no inputs"),
    ],
)
def test_golden_examples_that_make_no_sense_are_refused(repository: Path, content: bytes) -> None:
    rewrite(repository / "digits" / "1", GOLDEN_FILE, content)

    with pytest.raises(ExportBroken, match=r"golden\.json"):
        load(repository)


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        ("forecaster", "context_length", None),
        ("forecaster", "quantile_levels", [0.5, 2.0]),
        ("digits", "classes", None),
        ("digits", "image_size", 32),
        ("next-word", "tokenizer", {}),
        ("next-word", "vocabulary_file", "nowhere.txt"),
    ],
)
def test_parameters_that_do_not_fit_the_task_are_refused(
    repository: Path, name: str, parameter: str, value: Any
) -> None:
    path = repository / name / "1" / MANIFEST_FILE
    manifest = json.loads(path.read_text())
    manifest["parameters"][parameter] = value
    path.write_text(json.dumps(manifest))

    with pytest.raises(ExportBroken, match="does not fit the task"):
        load(repository)


@pytest.mark.anyio
async def test_a_service_that_cannot_load_ends_its_process(
    repository: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rewrite(repository / "digits" / "1", MODEL_FILE, b"not a graph")
    ended = asyncio.Event()
    service = Service(Settings(repository=repository), abort=ended.set)
    async with service.running():
        await ended.wait()

    assert "cannot start" in caplog.text
    assert "model.pt: torch cannot load it" in caplog.text


@pytest.mark.anyio
async def test_a_warm_up_that_fails_ends_the_process(
    tiny_repository: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(lifecycle, "warm", fail)
    ended = asyncio.Event()
    service = Service(Settings(repository=tiny_repository), abort=ended.set)
    async with service.running():
        await ended.wait()

    assert "cannot start: RuntimeError('out of memory')" in caplog.text


@pytest.mark.anyio
async def test_a_service_may_be_stopped_while_it_loads(tiny_repository: Path) -> None:
    service = Service(Settings(repository=tiny_repository), abort=lambda: pytest.fail("aborted"))
    async with service.running():
        service._stopping.set()
