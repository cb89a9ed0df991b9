"""Which models compute in bfloat16: those that were measured in it, where the processor has it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.export_folder import MANIFEST_FILE, read_manifest
from models.manifest import Metric, ReducedPrecision
from service import runtime
from service.loading import LoadedModel, load_models
from service.settings import Settings
from service.threads import ThreadPlan
from tests.service.tiny_networks import Brightness, classifier_draft
from training.export import write_export

PLAN = ThreadPlan(processors=1, workers=1, intra_op=1)
MEASURED = ReducedPrecision("bfloat16", 0.05, (Metric("accuracy", "x", "validation", 1.0),))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The brightness model, measured in bfloat16, and another one that was not."""
    folder = write_export(Brightness(), classifier_draft("measured"), tmp_path)
    write_export(Brightness(), classifier_draft("plain"), tmp_path)
    manifest = replace(read_manifest(folder), reduced_precision=MEASURED)
    (folder / MANIFEST_FILE).write_text(manifest.to_json())
    return tmp_path


def loaded(repository: Path, **settings: object) -> dict[str, LoadedModel]:
    values = Settings.model_validate({"repository": repository, **settings})
    models = load_models(values, PLAN, lambda: False)
    return {model.export.manifest.name: model for model in models}


def halves(model: LoadedModel) -> bool:
    owner = model.run.__self__  # type: ignore[attr-defined]
    assert isinstance(owner, runtime.TorchScriptModel)
    return owner._bfloat16


@pytest.mark.parametrize(
    ("has_it", "setting", "measured"),
    [(True, "auto", True), (False, "auto", False), (True, "float32", False)],
    ids=["measured", "processor lacks it", "turned off"],
)
def test_only_what_was_measured_computes_in_bfloat16(
    repository: Path, monkeypatch: pytest.MonkeyPatch, has_it: bool, setting: str, measured: bool
) -> None:
    monkeypatch.setattr(runtime, "computes_in", lambda _: has_it)
    models = loaded(repository, precision=setting)

    assert halves(models["measured"]) is measured
    assert not halves(models["plain"])


@pytest.mark.parametrize("precision", ["auto", "float32"])
def test_the_shipped_digits_answer_alike_alone_and_in_a_batch(precision: str) -> None:
    digits = loaded(Path("models/repository"), precision=precision)["digits"]
    images = (np.random.default_rng(7).random((64, 28, 28)) ** 4 * 255).astype(np.float32)
    alone = np.stack(
        [digits.run({"images": image[None]}, "forward")["probabilities"][0] for image in images]
    )

    for size in (1, 2, 3, 5, 8, 13, 16, 31, 32, 33, 64):
        together = digits.run({"images": images[:size]}, "forward")["probabilities"]
        assert np.abs(together - alone[:size]).max() <= 1e-5


@pytest.mark.skipif(not runtime.computes_in("int8"), reason="the processor lacks int8")
def test_the_shipped_digits_are_read_in_int8() -> None:
    digits = loaded(Path("models/repository"), passes="graph")["digits"]
    owner = digits.run.__self__  # type: ignore[attr-defined]

    assert "onednn::qconv2d_pointwise" in str(owner._graph.graph)


@pytest.mark.skipif(not runtime.computes_in("int8"), reason="the processor lacks int8")
def test_the_shipped_next_word_answers_alike_alone_and_in_a_batch_in_int8() -> None:
    words = loaded(Path("models/repository"))["next-word"]
    contexts = np.random.default_rng(7).zipf(1.3, (64, 16)).clip(0, 15_000)
    targets = contexts[::-1, 0].copy()
    inputs = {"contexts": contexts, "targets": targets}
    one_by_one = [words.run({"contexts": row[None]}, "forward") for row in contexts]
    alone = np.concatenate([each["probabilities"] for each in one_by_one])
    scores = words.run(inputs, "score")["log_probabilities"]
    scale = np.abs(scores).max()

    for size in (1, 2, 3, 5, 8, 13, 16, 31, 32, 33, 64):
        some = {name: array[:size] for name, array in inputs.items()}
        together = words.run({"contexts": some["contexts"]}, "forward")["probabilities"]
        assert np.abs(together - alone[:size]).max() <= 1e-5
        apart = words.run(some, "score")["log_probabilities"] - scores[:size]
        assert np.abs(apart).max() <= 1e-5 * scale
