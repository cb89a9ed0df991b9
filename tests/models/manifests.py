"""A manifest for tests to change."""

from models.manifest import DataSource, Manifest, Metric, TensorSpec

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
