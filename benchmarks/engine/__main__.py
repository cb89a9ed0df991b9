"""The engine without HTTP: overhead of a request, loop or thread, precision, padding.

    python -m benchmarks.engine

Expect: one to two minutes. Only ratios within one run mean anything.
"""

from functools import partial

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.engine import passes, submit
from service.batcher import LOOP_PASS_S

CONSOLE = Console()


def _table(title: str, *columns: str) -> Table:
    table = Table(*columns, title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _overhead() -> Table:
    table = _table(
        "Batcher, no model: loop's processor time a request, us",
        "", "1 caller", "64 callers", "64, deadlines",
    )  # fmt: skip
    cases = ((1, False), (64, False), (64, True))
    for where, limit_s in (("on the loop", 1.0), ("on the thread", 0.0)):
        for nowait in (False, True):
            with submit.loop_limit(limit_s):
                found = [
                    submit.on_a_loop(
                        partial(submit.overhead_us, callers, nowait=nowait, deadline=deadline)
                    )
                    for callers, deadline in cases
                ]
            door = "submit_nowait" if nowait else "submit"
            table.add_row(f"{door}, pass {where}", *(f"{us:.1f}" for us in found))
    return table


def _places(rounds: int) -> Table:
    table = _table(
        "Digits, one image a request, 25 us of other work each (best of rounds)",
        "", "1 caller p50 ms", "64 callers /s", "64 p50 ms", "64 p99 ms",
    )  # fmt: skip
    digits = passes.model_of("digits", reduced="bfloat16")
    cases = {
        f"passes up to {limit_s * 1e3:g} ms on the loop, switch {interval_s * 1e3:g} ms": (
            limit_s,
            interval_s,
        )
        for limit_s in (LOOP_PASS_S, 0.0)
        for interval_s in (0.005, 0.001, 0.0005, 0.0001, 0.00002)
    } | {"all passes on the loop": (1.0, 0.005)}
    found: dict[str, list[tuple[submit.Times, submit.Times]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, (limit_s, interval_s) in cases.items():
            with submit.loop_limit(limit_s), submit.switch_interval(interval_s):
                one = submit.on_a_loop(partial(submit.load, digits.run, 1, 200, 25))
                many = submit.on_a_loop(partial(submit.load, digits.run, 64, 3200, 25))
            found[name].append((one, many))
    for name, results in found.items():
        table.add_row(
            name,
            f"{min(one.p50_ms for one, _ in results):.3f}",
            f"{max(many.rate for _, many in results):,.0f}",
            f"{min(many.p50_ms for _, many in results):.2f}",
            f"{min(many.p99_ms for _, many in results):.2f}",
        )
    return table


def _precision() -> Table:
    sizes = (1, 2, 4, 8, 16, 32, 64)
    table = _table("Pass, processor time in us", "", *(f"{rows} rows" for rows in sizes))
    for name, length in (("digits", 1), ("next-word", 1), ("forecaster", 256)):
        for reduced in (None, "bfloat16", *(["int8"] if name == "next-word" else [])):
            found = [passes.pass_us(name, rows, length, reduced=reduced) for rows in sizes]
            table.add_row(f"{name}, {reduced or 'float32'}", *(f"{us:,.0f}" for us in found))
    return table


def _padding() -> Table:
    table = _table(
        "Forecaster, 64 series: processor time in ms (share of padding)",
        "smallest bucket", "lengths 8 to 64", "lengths 16 to 128", "lengths 64 to 512",
    )  # fmt: skip
    random = np.random.default_rng(5)
    mixes = [
        random.integers(low, high, 64).tolist() for low, high in ((8, 65), (16, 129), (64, 513))
    ]
    for smallest in (16, 32, 64, 128, 256):
        found = [passes.padding_ms(lengths, smallest) for lengths in mixes]
        table.add_row(str(smallest), *(f"{ms:.1f} ({share:.0%})" for ms, share in found))
    return table


def main(rounds: int = 3) -> None:
    """Measure everything and print it."""
    import torch  # noqa: PLC0415 - after the help was shown

    torch.set_num_threads(1)
    CONSOLE.print(_overhead(), _places(rounds), _precision(), _padding())


if __name__ == "__main__":
    typer.run(main)
