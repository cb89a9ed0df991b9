"""What a person sees while a network trains: a live bar on a terminal, plain lines elsewhere."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text


class TrainingProgress:
    """Loss, validation metric, throughput and time left of one training."""

    def __init__(self, title: str, *, steps: int, done: int, unit: str) -> None:
        self._console = Console(stderr=True)
        self._unit = unit
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task(title, total=steps, completed=done)
        self._live = Live(self._bar, console=self._console, refresh_per_second=4)
        self._steps = steps
        self._metric = ""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def step(self, step: int, loss: float, per_second: float) -> None:
        """Move the bar; called a few times a second at most."""
        self._bar.update(self._task, completed=step)
        state = f"loss {loss:.4f}{self._metric}  {per_second:,.0f} {self._unit}/s"
        # On a line of its own: beside the bar a narrow terminal would cut it off.
        self._live.update(Group(self._bar, Text(state, style="dim")))

    def counted(self, step: int, per_second: float) -> None:
        """Move the bar of something that has no loss."""
        self._bar.update(self._task, completed=step)
        self._live.update(Group(self._bar, Text(f"{per_second:,.1f} {self._unit}/s", style="dim")))

    def validated(self, step: int, loss: float, metrics: Mapping[str, float]) -> None:
        """Keep the metrics beside the bar; off a terminal, print them as a line."""
        self._metric = "".join(f"  {name} {value:.4f}" for name, value in metrics.items())
        if not self._console.is_terminal:
            line = f"step {step}/{self._steps}  loss {loss:.4f}{self._metric}"
            self._console.print(line, soft_wrap=True, highlight=False)

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(text, soft_wrap=True, highlight=False)
