"""The parts of ``make quality``, in the order in which they are measured."""

from collections.abc import Iterator

from benchmarks.quality import (
    digits,
    digits_robustness,
    forecast_calibration,
    forecast_m4,
    forecast_measured,
    forecast_odd,
    forecast_zero_shot,
    leakage_tables,
    next_word,
)
from benchmarks.quality.figures import Part, Row, Run, Table, command_of
from models.tokenizer import Tokenizer
from training.digits.idx import read_idx_set
from training.next_word.evaluation import MOST_POSITIONS
from training.next_word.text import read_text


def digits_tables(run: Run) -> Iterator[Table]:
    """Accuracy on MNIST's test images for every way to send them."""
    test = read_idx_set(run.data / "mnist", "t10k")
    rows = []
    for bodies in digits.Bodies:
        labels = digits.ask(run.client, test.images, bodies, "digits")
        right = sum(label == str(truth) for label, truth in zip(labels, test.labels, strict=True))
        rows.append(Row(f"sent as {bodies}", right / len(test.labels), {**digits.PUBLISHED}))
    yield Table("MNIST, 10,000 test images: accuracy", command_of("digits"), rows, ".2%")


def next_word_tables(run: Run) -> Iterator[Table]:
    """Hit rates on novels never trained on."""
    text = read_text(run.data / "text/novels-valid.txt.gz")
    described = run.client.get("/models/next-word").raise_for_status().json()
    words = Tokenizer.from_spec(described["parameters"]["tokenizer"]).words(text)
    questions = next_word.questions_of(words, MOST_POSITIONS)
    rates = next_word.hit_rates(list(next_word.ask(run.client, questions, "next-word")))
    rows = [
        Row(row.pop("metric"), row.pop("measured"), row)
        for row in next_word.compare(rates, described["metrics"])
    ]
    yield Table("novels-valid: hit rates", command_of("next-word"), rows, ".4f")


PARTS: dict[str, Part] = {
    "forecast-zero-shot": forecast_zero_shot.tables,
    "forecast-calibration": forecast_calibration.tables,
    "forecast-classes": forecast_odd.tables,
    "forecast-m4": forecast_m4.tables,
    "forecast-classical": forecast_measured.tables,
    "forecast-leakage": leakage_tables.tables,
    "digits": digits_tables,
    "digits-robustness": digits_robustness.tables,
    "next-word": next_word_tables,
}
