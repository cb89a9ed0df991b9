"""Who may import whom, enforced (design: one direction, HTTP at the rim, torch at the core)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What service shares with training: docs/decisions/0005-what-service-shares-with-training.md
SHARED = {
    "models.manifest",
    "models.export_folder",
    "models.tokenizer",
    "models.detokenizer",
    "models.casing",
    "models.sentence",
    "models.word_order",
    "models.digit_image",
    "models.forecast_metrics",
}
TORCH_FREE = {f"{name.replace('.', '/')}.py" for name in SHARED}
HTTP = ("service/app.py", "service/routes/", "service/http_errors.py")


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(
    folder: str, *, forbidden: tuple[str, ...], allowed: tuple[str, ...] = ()
) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in python_files(folder)
        if not str(path.relative_to(ROOT)).startswith(allowed or ("\0",))
        for name in imported(path)
        if name.split(".")[0] in forbidden
    ]


def test_models_import_neither_training_nor_service() -> None:
    assert offenders("models", forbidden=("training", "service", "fastapi")) == []


def test_training_does_not_import_service() -> None:
    assert offenders("training", forbidden=("service", "fastapi")) == []


def test_service_does_not_import_training() -> None:
    assert offenders("service", forbidden=("training",)) == []


def test_service_shares_only_the_torch_free_files_of_models() -> None:
    found = {
        name
        for path in python_files("service")
        for name in imported(path)
        if name.startswith("models.") and not any(name.startswith(f"{s}.") for s in SHARED)
    }
    assert found <= SHARED


@pytest.mark.parametrize("path", sorted(TORCH_FREE))
def test_shared_files_bring_no_torch(path: str) -> None:
    assert not [name for name in imported(ROOT / path) if name.split(".")[0] == "torch"]


def test_only_the_rim_of_the_service_knows_http() -> None:
    assert offenders("service", forbidden=("fastapi", "starlette"), allowed=HTTP) == []


def test_only_the_runtime_knows_torch() -> None:
    assert offenders("service", forbidden=("torch",), allowed=("service/runtime.py",)) == []


def test_torchscript_is_written_and_read_in_two_places_only() -> None:
    users = {
        str(path.relative_to(ROOT))
        for folder in ("models", "training", "service", "benchmarks")
        for path in python_files(folder)
        if "torch.jit" in path.read_text(encoding="utf-8").split('"""', 2)[-1]
    }
    # What other servers run is no part of this one, and loads exports without it.
    others = "benchmarks/serving/servers/shared/shipped_models.py"
    assert users <= {"training/export.py", "service/runtime.py", others}
