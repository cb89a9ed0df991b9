"""The options of ``seqserve train recipe``."""

from dataclasses import dataclass
from pathlib import Path

from training.options import option
from training.recipes.recipe import Variant


@dataclass(frozen=True, kw_only=True)
class RecipeRequest:
    """What to run, and where everything goes."""

    folder: Path = option(
        Path("build/recipes"),
        "Folder of everything: results, checkpoints, logs.",
        smoke=Path("build/recipes-smoke"),
    )
    repository: Path | None = option(
        None, "Folder of exports to add to [default: repository in the folder]."
    )
    data: Path | None = option(
        None, "Data of the recipe, where it reads files; without it, ../shared/data."
    )
    only: Variant | None = option(None, "Run the notes' setting only, or the tuned one only.")
    smoke: bool = option(False, "Finish in seconds with models too small to be good.")
    resume: bool = option(
        False, "Skip what is finished and continue what was interrupted, with the same settings."
    )
    seed: int | None = option(None, "Seed of everything random; by default the recipe's.")
    jobs: int = option(1, "With all: recipes that train at the same time.", minimum=1, maximum=64)
    into: Path | None = option(
        None, "With table: a Markdown file, to write it between its markers."
    )

    @property
    def exports(self) -> Path:
        """The folder of exports."""
        return self.repository or self.folder / "repository"

    @property
    def results(self) -> Path:
        """The folder of what was measured."""
        return self.folder / "results"
