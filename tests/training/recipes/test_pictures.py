from pathlib import Path

from training.recipes.pictures import copy_pictures


def test_a_page_gets_the_pictures_that_it_shows_and_no_others(tmp_path: Path) -> None:
    first, second = tmp_path / "plots", tmp_path / "compare"
    for folder in (first, second):
        folder.mkdir()
    (first / "a-data.png").write_bytes(b"a")
    (first / "unused.png").write_bytes(b"u")
    (second / "cells.png").write_bytes(b"c")
    page = tmp_path / "docs/notes.md"
    page.parent.mkdir()
    page.write_text(
        "![data](images/notes/a-data.png) ![cells](images/notes/cells.png)\n"
        "![gone](images/notes/gone.png) ![other](images/seven.png)"
    )

    missing = copy_pictures(page, [first, second])

    assert missing == ["gone.png"]
    written = {path.name: path.read_bytes() for path in (tmp_path / "docs/images/notes").iterdir()}
    assert written == {"a-data.png": b"a", "cells.png": b"c"}
