"""The pictures of a page of documentation: those it shows, from those the recipes drew."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

_SHOWN = re.compile(r"!\[[^\]]*\]\((images/notes/[\w.-]+\.png)\)")


def copy_pictures(page: Path, sources: Sequence[Path]) -> list[str]:
    """Copy every picture that ``page`` shows from below ``images/notes`` out of ``sources``.

    What no source holds stays as it is; its names are returned.
    """
    missing = []
    for shown in _SHOWN.findall(page.read_text(encoding="utf-8")):
        name = Path(shown).name
        found = [folder / name for folder in sources if (folder / name).is_file()]
        if not found:
            missing.append(name)
            continue
        target = page.parent / shown
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found[0], target)
    return missing
