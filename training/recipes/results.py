"""What the runs measured, a JSON file a recipe, so that several may run at once and resume."""

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.export_folder import MANIFEST_FILE
from training.errors import DataError
from training.recipes.recipe import Recipe, Variant


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One setting of a recipe: its figures, and how it came about.

    ``value`` is the figure that counts and ``figures`` are all of them.
    """

    recipe: str
    variant: Variant
    value: float
    shown: str
    target_met: bool
    figures: Mapping[str, float]
    options: Mapping[str, Any]
    steps: int
    n_parameters: int
    wall_time_s: float
    export: str
    smoke: bool


class Results:
    """A folder with a file for each measured setting of each recipe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def store(self, measured: Measured) -> None:
        """Write to a temporary name, then rename: a reader sees a whole file or none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(measured.recipe, measured.variant)
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(dataclasses.asdict(measured), indent=2) + "\n")
        os.replace(temporary, path)

    def load(self, recipe: str, variant: Variant) -> Measured | None:
        """What was measured, or None.

        Raises:
            DataError: the file is damaged, or another version of this project wrote it.
        """
        path = self._path(recipe, variant)
        if not path.is_file():
            return None
        try:
            return Measured(**json.loads(path.read_text(encoding="utf-8")))
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{path} is no result of this version: delete it, or the folder"
            ) from error

    def finished(
        self, recipe: Recipe, variant: Variant, options: Mapping[str, Any], repository: Path
    ) -> Measured | None:
        """What was measured with the same options, if its export still exists."""
        found = self.load(recipe.name, variant)
        same = found is not None and json.loads(json.dumps(options)) == found.options
        exported = found is not None and (repository / found.export / MANIFEST_FILE).is_file()
        return found if same and exported else None

    def _path(self, recipe: str, variant: Variant) -> Path:
        return self._folder / f"{recipe}.{variant}.json"
