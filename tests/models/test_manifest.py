import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.manifest import Manifest, ManifestError, Method, Metric, ReducedPrecision
from tests.models.manifests import MANIFEST


def test_a_manifest_survives_json() -> None:
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST


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
