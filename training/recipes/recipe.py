"""A recipe is a TOML file: what the notes describe, as options of a family."""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from training.errors import DataError

FOLDER = Path(__file__).parent
Variant = Literal["notes", "tuned"]
Show = Literal["number", "percent"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """The figure that counts, by its name among the family's figures, and the bound to reach."""

    name: str
    label: str
    at_most: float | None = None
    at_least: float | None = None
    below: float | None = None
    show: Show = "number"

    def __post_init__(self) -> None:
        if sum(bound is not None for bound in (self.at_most, self.at_least, self.below)) != 1:
            raise ValueError("a figure has one of at_most, at_least and below")

    def met_by(self, value: float) -> bool:
        """Whether ``value`` reaches the bound."""
        if self.at_least is not None:
            return value >= self.at_least
        return value < self.below if self.below is not None else value <= (self.at_most or 0.0)

    def text(self, value: float) -> str:
        """``value`` as the table shows it."""
        return f"{value:.2%}" if self.show == "percent" else f"{value:.3g}"

    @property
    def bound(self) -> str:
        """The bound as the table shows it."""
        if self.at_least is not None:
            return f"at least {self.text(self.at_least)}"
        if self.below is not None:
            return f"below {self.text(self.below)}"
        return f"at most {self.text(self.at_most or 0.0)}"


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A shipped model to compare with: a metric that its manifest states."""

    model: str
    metric: str


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A system of the notes.

    ``options`` are the notes' own setting; ``tuned`` overrides them where this project knows a
    better one, and ``smoke`` overrides both for a run of seconds. ``reported`` is what the notes
    state as the result, in words, and ``setting`` what they do.
    """

    name: str
    path: Path
    title: str
    description: str
    family: str
    setting: str
    reported: str
    figure: Target
    options: Mapping[str, Any] = field(default_factory=dict)
    tuned: Mapping[str, Any] = field(default_factory=dict)
    smoke: Mapping[str, Any] = field(default_factory=dict)
    better: str = ""
    shipped: Shipped | None = None

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The settings to run."""
        return ("notes", "tuned") if self.tuned else ("notes",)

    def options_of(self, variant: Variant, *, smoke: bool) -> dict[str, Any]:
        """The options of one of the settings."""
        options = dict(self.options)
        if variant == "tuned":
            options |= self.tuned
        if smoke:
            options |= self.smoke
        return options

    def export_name(self, variant: Variant) -> str:
        """The export's name; both settings can be served side by side."""
        return self.name if variant == "notes" else f"{self.name}-tuned"


def recipe_names(folder: Path = FOLDER) -> list[str]:
    """The names of all recipes, in order."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_recipe(name: str, folder: Path = FOLDER) -> Recipe:
    """Read the recipe called ``name``.

    Raises:
        DataError: there is none, or its file is not a recipe.
    """
    if name not in recipe_names(folder):
        raise DataError(
            f"there is no recipe {name!r}: `seqserve train recipe list` shows those there are"
        )
    path = folder / f"{name}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return _recipe(name, path, raw)
    except (tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise DataError(f"{path} is not a recipe: {error}") from error


def _recipe(name: str, path: Path, raw: dict[str, Any]) -> Recipe:
    known = {item.name for item in dataclasses.fields(Recipe)} - {"name", "path"}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise ValueError(f"unknown keys {unknown}; known are {sorted(known)}")
    if "figure" not in raw:
        raise ValueError("it has no [figure]")
    raw["figure"] = Target(**raw["figure"])
    if "shipped" in raw:
        raw["shipped"] = Shipped(**raw["shipped"])
    return Recipe(name=name, path=path, **raw)
