"""The parts of ``make quality``, in the order in which they are measured."""

from collections.abc import Iterator

from benchmarks.quality import (
    cost,
    digits,
    digits_robustness,
    forecast_calibration,
    forecast_m4,
    forecast_measured,
    forecast_odd,
    forecast_zero_shot,
    leakage_tables,
    next_word_tables,
)
from benchmarks.quality.figures import Part, Row, Run, Table, command_of
from training.digits.idx import read_idx_set


def digits_tables(run: Run) -> Iterator[Table]:
    """Accuracy on MNIST's test images for every way to send them."""
    test = read_idx_set(run.data / "mnist", "t10k")
    rows = []
    for bodies in digits.Bodies:
        labels = digits.ask(run.client, test.images, bodies, "digits")
        right = sum(label == str(truth) for label, truth in zip(labels, test.labels, strict=True))
        rows.append(Row(f"sent as {bodies}", right / len(test.labels), {**digits.PUBLISHED}))
    yield Table("MNIST, 10,000 test images: accuracy", command_of("digits"), rows, ".2%")


PARTS: dict[str, Part] = {
    "forecast-zero-shot": forecast_zero_shot.tables,
    "forecast-calibration": forecast_calibration.tables,
    "forecast-classes": forecast_odd.tables,
    "forecast-m4": forecast_m4.tables,
    "forecast-classical": forecast_measured.tables,
    "forecast-leakage": leakage_tables.tables,
    "digits": digits_tables,
    "digits-robustness": digits_robustness.tables,
    "next-word": next_word_tables.tables,
    "cost": cost.tables,
}
