import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.manifest import (
    DataSource,
    Manifest,
    ManifestError,
    Method,
    Metric,
    ReducedPrecision,
    TensorSpec,
    active_version,
    digest_file,
    read_manifest,
    versions_of,
)

MANIFEST = Manifest(
    name="tiny",
    version="3",
    task="forecast",
    inputs=(TensorSpec("values", "float32", (-1, -1), ("batch", "time")),),
    outputs=(TensorSpec("mean", "float32", (-1, 48), ("batch", "horizon")),),
    parameters={"horizon": 48},
    metrics=(Metric("mase", "pool", "validation", 0.8, {"seasonal naive": 1.0}),),
    training={"seed": 7},
    data=(DataSource("pool.jsonl.gz", "ab" * 32, "training"),),
    versions={"torch": "2.13.0"},
    licence="Apache-2.0",
    created="2026-11-21T09:00:00+00:00",
    files={},
)


def write_export(repository: Path, manifest: Manifest = MANIFEST) -> Path:
    folder = repository / manifest.name / manifest.version
    folder.mkdir(parents=True)
    for name in ("model.pt", "golden.json"):
        (folder / name).write_text(f"the {name} of {manifest.version}")
    files = {path.name: digest_file(path) for path in folder.iterdir()}
    (folder / "manifest.json").write_text(replace(manifest, files=files).to_json())
    return folder


def test_a_manifest_survives_json() -> None:
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST


def test_a_whole_export_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(write_export(tmp_path))
    assert (manifest.name, manifest.version) == ("tiny", "3")
    assert set(manifest.files) == {"model.pt", "golden.json"}


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    (folder / "model.pt").write_text("the model.pt of 4")
    with pytest.raises(ManifestError, match=r"model\.pt: differs from the digest"):
        read_manifest(folder)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    (folder / "golden.json").unlink()
    with pytest.raises(ManifestError, match=r"golden\.json: listed in the manifest but missing"):
        read_manifest(folder)


def test_an_export_without_golden_examples_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    raw = json.loads((folder / "manifest.json").read_text())
    del raw["files"]["golden.json"]
    (folder / "manifest.json").write_text(json.dumps(raw))
    with pytest.raises(ManifestError, match=r"lists no golden\.json"):
        read_manifest(folder)


def test_a_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    raw = json.loads((folder / "manifest.json").read_text())
    raw["files"]["../model.pt"] = raw["files"]["model.pt"]
    (folder / "manifest.json").write_text(json.dumps(raw))
    with pytest.raises(ManifestError, match="not a plain file name"):
        read_manifest(folder)


def test_a_copied_folder_is_refused_under_another_version(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    folder.rename(folder.with_name("4"))
    with pytest.raises(ManifestError, match="says 'tiny' version '3'"):
        read_manifest(folder.with_name("4"))


def test_a_missing_manifest_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"manifest\.json: No such file"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "paint"}, "task must be one of"),
        ({"format": "pickle"}, "format must be one of"),
        ({"schema_version": 2}, "schema_version must be 1"),
        ({"colour": "red"}, "unknown fields"),
        ({"methods": {"score": {"inputs": []}}}, "not a manifest"),
        ({"inputs": [{"name": "x"}]}, "not a manifest"),
        (
            {"inputs": [{"name": "x", "dtype": "int8", "shape": [1], "axes": ["a"]}]},
            "dtype must be one of",
        ),
        (
            {"inputs": [{"name": "x", "dtype": "int64", "shape": [1], "axes": []}]},
            "1 sizes but 0 axes",
        ),
    ],
)
def test_what_breaks_the_contract_is_named(change: dict[str, object], message: str) -> None:
    raw = json.loads(MANIFEST.to_json()) | change
    with pytest.raises(ManifestError, match=message):
        Manifest.from_json(json.dumps(raw))


@given(st.text() | st.binary() | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps))
def test_rubbish_is_never_anything_but_a_manifest_error(text: str | bytes) -> None:
    with pytest.raises(ManifestError):
        Manifest.from_json(text)


def test_the_newest_version_serves_until_serving_json_says_otherwise(tmp_path: Path) -> None:
    for version in ("2", "10", "9"):
        write_export(tmp_path, replace(MANIFEST, version=version))
    (tmp_path / "tiny" / ".export-half").mkdir()
    assert versions_of(tmp_path / "tiny") == ["2", "9", "10"]
    assert active_version(tmp_path / "tiny") == "10"
    (tmp_path / "tiny" / "serving.json").write_text('{"active": "9", "labels": {}}')
    assert active_version(tmp_path / "tiny") == "9"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "must be a JSON object"),
        ("[]", "must be a JSON object"),
        ('{"active": "7"}', "names version '7'"),
        ('{"active": ["3"]}', "names version"),
    ],
)
def test_a_wrong_serving_json_is_refused(tmp_path: Path, content: str, message: str) -> None:
    folder = write_export(tmp_path)
    folder.with_name("serving.json").write_text(content)
    with pytest.raises(ManifestError, match=message):
        active_version(folder.parent)


def test_a_folder_without_versions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no version with a manifest"):
        active_version(tmp_path)


def test_a_manifest_without_methods_has_forward_alone() -> None:
    raw = json.loads(MANIFEST.to_json())
    del raw["methods"]
    manifest = Manifest.from_json(json.dumps(raw))

    assert manifest == MANIFEST
    assert manifest.all_methods == {"forward": Method(MANIFEST.inputs, MANIFEST.outputs)}


def test_further_methods_survive_json() -> None:
    manifest = replace(MANIFEST, methods={"score": Method(MANIFEST.outputs, MANIFEST.inputs)})

    assert Manifest.from_json(manifest.to_json()) == manifest
    assert list(manifest.all_methods) == ["forward", "score"]


@pytest.mark.parametrize("name", ["forward", "_private", "no name", ""])
def test_what_cannot_be_a_further_method_is_refused(name: str) -> None:
    with pytest.raises(ManifestError, match="cannot be the name of a further method"):
        replace(MANIFEST, methods={name: Method((), ())})


MEASURED = ReducedPrecision("bfloat16", 0.02, (Metric("accuracy", "pool", "validation", 0.99),))


def test_a_manifest_without_reduced_precision_allows_none() -> None:
    raw = json.loads(MANIFEST.to_json())
    del raw["reduced_precision"]

    assert Manifest.from_json(json.dumps(raw)).reduced_precision is None


@pytest.mark.parametrize("dtype", ["bfloat16", "int8"])
def test_reduced_precision_survives_json(dtype: str) -> None:
    manifest = replace(MANIFEST, reduced_precision=replace(MEASURED, dtype=dtype))

    assert Manifest.from_json(manifest.to_json()) == manifest


@pytest.mark.parametrize(
    ("change", "message"),
    [({"dtype": "int4"}, "dtype must be one of"), ({"metrics": ()}, "what was measured")],
    ids=["dtype", "metrics"],
)
def test_reduced_precision_without_sense_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        replace(MEASURED, **change)
