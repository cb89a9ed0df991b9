"""The table of all recipes: for the terminal, as JSON and as Markdown for the documentation."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from models.export_folder import MANIFEST_FILE, active_version
from models.manifest import Manifest
from training.errors import DataError
from training.recipes.recipe import Recipe, Shipped
from training.recipes.results import Measured, Results

REPOSITORY = Path(__file__).parents[2] / "models" / "repository"
HEADER = (
    "recipe",
    "the notes report",
    "measured with the notes' setting",
    "with a better setting",
    "figure to reach",
    "reached",
    "time",
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A recipe in the table; times in seconds, of all its settings together."""

    recipe: str
    title: str
    reported: str
    notes: Measured | None
    tuned: Measured | None
    notes_shown: str
    better_shown: str
    figure: str
    reached: str
    wall_time_s: float
    command: str

    def cells(self) -> tuple[str, ...]:
        """As the header names them."""
        shown = (self.reported, self.notes_shown, self.better_shown, self.figure, self.reached)
        return (self.recipe, *shown, _duration(self.wall_time_s))


def row_of(recipe: Recipe, results: Results) -> Row:
    """What was measured of a recipe so far."""
    notes, tuned = results.load(recipe.name, "notes"), results.load(recipe.name, "tuned")
    found = [one for one in (notes, tuned) if one]
    return Row(
        recipe=recipe.name,
        title=recipe.title,
        reported=recipe.reported,
        notes=notes,
        tuned=tuned,
        notes_shown=notes.shown if notes else "",
        better_shown=_better(recipe, tuned),
        figure=f"{recipe.figure.label} {recipe.figure.bound}",
        reached=_reached(notes, tuned),
        wall_time_s=sum(one.wall_time_s for one in found),
        command=f"seqserve train recipe {recipe.name}",
    )


def as_json(rows: Sequence[Row]) -> str:
    """For programs: every figure, option and time."""
    return json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False) + "\n"


def as_markdown(rows: Sequence[Row]) -> str:
    """For the documentation, with the command of each row."""
    lines = ["| " + " | ".join((*HEADER, "command")) + " |", "|---" * (len(HEADER) + 1) + "|"]
    for row in rows:
        name, *rest = row.cells()
        cells = [f"`{name}`", *rest, f"`{row.command}`"]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def as_table(rows: Sequence[Row]) -> Table:
    """For a terminal, however narrow: the words of a recipe stand below its name."""
    table = Table(title="Recipes", show_lines=True)
    widths = {"notes' setting": 9, "better setting": 12, "reached": 9, "time": 6}
    table.add_column("recipe", min_width=28)
    for name, width in widths.items():
        table.add_column(name, width=width)
    for row in rows:
        words = f"{row.recipe}\nto reach: {row.figure}\nnotes report: {row.reported}"
        shown = (row.notes_shown, row.better_shown.replace(", ", "\n"), row.reached)
        table.add_row(words, *shown, _duration(row.wall_time_s))
    return table


def markers(name: str) -> tuple[str, str]:
    """The lines of a Markdown file between which the table of that name stands."""
    return f"<!-- {name}: table -->", f"<!-- {name}: end -->"


def write_between_markers(path: Path, text: str, name: str = "recipes") -> None:
    """Replace what stands between the two markers of a Markdown file.

    Raises:
        DataError: the file cannot be read, or lacks a marker.
    """
    first, last = markers(name)
    try:
        before, rest = path.read_text(encoding="utf-8").split(first)
        _, after = rest.split(last)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise DataError(
            f"{path} needs a line {first} and, below it, a line {last}, once each"
        ) from error
    path.write_text(f"{before}{first}\n\n{text}\n{last}{after}", encoding="utf-8")


def _better(recipe: Recipe, tuned: Measured | None) -> str:
    shown = [tuned.shown] if tuned else []
    if recipe.shipped:
        value = shipped_figure(recipe.shipped)
        if value is not None:
            shown.append(f"{recipe.figure.text(value)} (shipped `{recipe.shipped.model}`)")
    return ", ".join(shown)


def shipped_figure(shipped: Shipped, repository: Path = REPOSITORY) -> float | None:
    """What the manifest of a shipped model states of its test data, if it is there."""
    folder = repository / shipped.model
    if not folder.is_dir():
        return None
    path = folder / active_version(folder) / MANIFEST_FILE
    metrics = Manifest.from_json(path.read_bytes()).metrics
    found = [m.value for m in metrics if m.name == shipped.metric and m.split == "test"]
    return found[0] if found else None


def _reached(notes: Measured | None, tuned: Measured | None) -> str:
    if any(one and one.smoke for one in (notes, tuned)):
        return "smoke"
    if notes and notes.target_met:
        return "yes"
    if tuned and tuned.target_met:
        return "with the better setting"
    return "no" if notes or tuned else ""


def _duration(seconds: float) -> str:
    if not seconds:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
