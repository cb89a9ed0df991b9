"""The sizes that docs/training.md states are those of the exports that ship."""

import re
from pathlib import Path

import pytest

from models.export_folder import active_version

ROOT = Path(__file__).parents[2]
REPOSITORY = ROOT / "models" / "repository"
ROW = re.compile(r"^\| ([\w-]+) \| `seqserve train .* \| ([\d.]+ MB \([\d.]+\)) \|$", re.MULTILINE)
STATED = dict(ROW.findall((ROOT / "docs" / "training.md").read_text(encoding="utf-8")))


def in_words(n_bytes: int) -> str:
    """Millions with a decimal; two where that would be nothing."""
    return f"{n_bytes / 1e6:.1f}" if n_bytes >= 5e4 else f"{n_bytes / 1e6:.2f}"


def test_every_shipped_export_has_a_row() -> None:
    assert set(STATED) == {path.parent.parent.name for path in REPOSITORY.glob("*/*/manifest.json")}


@pytest.mark.parametrize("name", sorted(STATED))
def test_the_page_states_the_size_of_all_files_and_of_the_graph(name: str) -> None:
    folder = REPOSITORY / name / active_version(REPOSITORY / name)
    n_bytes = sum(path.stat().st_size for path in folder.iterdir())

    assert (
        STATED[name] == f"{in_words(n_bytes)} MB ({in_words((folder / 'model.pt').stat().st_size)})"
    )
