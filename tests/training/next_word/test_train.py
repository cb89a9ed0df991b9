import json
from pathlib import Path
from typing import Any

import pytest
import torch

from models.export_folder import read_manifest
from models.tokenizer import Tokenizer, Vocabulary
from training.errors import DataError
from training.next_word.config import NextWordTraining
from training.next_word.fitting import fitted_to
from training.next_word.train import train

TEXT = "The cat sat on the mat. The dog sat on the log, and Rex, it's late.\n\n" * 150


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("next-word")
    (folder / "pets.txt").write_text(TEXT)
    return train(
        NextWordTraining(
            data=folder / "pets.txt",
            repository=folder / "repository",
            runs=folder / "runs",
            threads=1,
            context_length=4,
            embedding_size=8,
            hidden_size=8,
            gate_size=8,
            steps=60,
            validate_every=30,
            warmup_steps=5,
            batch_size=8,
            segment_length=16,
            learning_rate=0.03,
            average_decay=0.9,
            frequent_words=5,
            sampled_words=4,
            truncated_share=0.6,
            baseline_order=3,
        )
    )


def test_the_export_keeps_the_contract(export: Path) -> None:
    manifest = read_manifest(export)

    assert manifest.task == "next-word"
    assert [spec.name for spec in manifest.inputs] == ["contexts"]
    assert [spec.name for spec in manifest.outputs] == ["words", "probabilities"]
    assert manifest.inputs[0].shape == (-1, 4)
    assert manifest.parameters["context_length"] == 4
    assert {"perplexity", "word_top_1"} <= {metric.name for metric in manifest.metrics}


def test_the_export_has_learned_the_text(export: Path) -> None:
    parameters = read_manifest(export).parameters
    tokenizer = Tokenizer.from_spec(parameters["tokenizer"])
    vocabulary = Vocabulary.from_text((export / parameters["vocabulary_file"]).read_text())
    graph = torch.jit.load(export / "model.pt")  # type: ignore[no-untyped-call]

    def suggested(text: str) -> str:
        context = vocabulary.context(tokenizer.words(text), parameters["context_length"])
        words, _ = graph(torch.tensor([context]))
        return vocabulary.words[int(words[0, 0])]

    assert suggested("The cat sat on") == "the"
    assert suggested("on the log, and Rex,") == "it's"
    assert suggested("") == "the"


def test_the_export_tells_which_words_have_capitals(export: Path) -> None:
    assert (export / read_manifest(export).parameters["casing_file"]).read_text() == "Rex\n"


def test_the_report_shows_suggestions_and_neighbours(export: Path) -> None:
    page = (export / "report.html").read_text()

    assert "Words held for similar" in page
    assert "(nothing)" in page
    assert "Kneser-Ney 3-gram" in page


def golden(export: Path, method: str) -> list[dict[str, Any]]:
    examples = json.loads((export / "golden.json").read_text())["examples"]
    return [example for example in examples if example["method"] == method]


def test_golden_answers_fall(export: Path) -> None:
    for method, output in (("forward", "probabilities"), ("neighbours", "similarities")):
        for example in golden(export, method):
            values = example["outputs"][output][0]
            assert values == sorted(values, reverse=True)


def test_every_method_of_the_export_has_golden_answers(export: Path) -> None:
    assert set(read_manifest(export).methods) == {"suggest", "score", "draw", "neighbours"}
    names = ("suggest", "score", "draw", "neighbours")
    assert [len(golden(export, name)) for name in names] == [4, 4, 4, 2]


def test_golden_draws_are_of_every_kind(export: Path) -> None:
    inputs = [example["inputs"] for example in golden(export, "draw")]

    assert [each["temperatures"][0] for each in inputs] == pytest.approx([0, 0.7, 1.3, 0])
    assert [each["top_ks"][0] for each in inputs] == [0, 5, 0, 0]
    assert [each["top_ps"][0] for each in inputs] == [1, 1, 0.5, 1]


def test_a_context_length_that_cannot_be_halved_is_refused_before_reading() -> None:
    with pytest.raises(DataError, match="--context-length"):
        train(NextWordTraining(data=Path("nowhere"), context_length=6))


def test_text_that_makes_no_sense_leaves_no_export(tmp_path: Path) -> None:
    (tmp_path / "little.txt").write_text("three little words")
    config = NextWordTraining(data=tmp_path / "little.txt", repository=tmp_path / "repository")

    with pytest.raises(DataError):
        train(config)
    assert not (tmp_path / "repository").exists()


def test_a_small_text_is_not_read_a_thousand_times() -> None:
    config = NextWordTraining(
        batch_size=10, segment_length=20, max_epochs=7, steps=9000, validate_every=900
    )

    assert fitted_to(config, 100_000).steps == 3500
    assert fitted_to(config, 100_000).validate_every == 350
    assert fitted_to(config, 1000).steps == 300
    assert fitted_to(config, 100_000_000).steps == 9000


def test_a_text_shorter_than_a_row_shortens_the_row() -> None:
    config = NextWordTraining(context_length=4, segment_length=64)

    assert fitted_to(config, 30).segment_length == 25


def test_no_bfloat16_where_the_processor_lacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)

    assert fitted_to(NextWordTraining(device="cpu"), 9999).precision == "float32"
