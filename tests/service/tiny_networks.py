"""Networks small enough to work out by hand, and their exports, for tests of the service."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.drawing import draw
from models.manifest import Metric, TensorSpec
from models.tokenizer import DEFAULT_SPEC, PADDING, PADDING_ID, UNKNOWN, UNKNOWN_ID, Vocabulary
from models.word_order import WordOrder
from training.draft import Draft
from training.export import write_export
from training.next_word.methods import (
    draw_example,
    next_word_methods,
    query_example,
    score_example,
    suggest_example,
)
from training.transduce.tensors import golden_signals, transducer_inputs, transducer_outputs

HORIZON, CONTEXT = 5, 64
LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9]
ORDER = 3
PROVENANCE: dict[str, Any] = {
    "metrics": [Metric("accuracy", "made up", "test", 0.5, {"prior": 0.1})],
    "training": {"seed": 1},
    "data": [],
    "licence": "Apache-2.0",
    "report_html": "<!doctype html>",
}
# What the examples of the API page ask for, in the place of words that no test names.
NAMED = {"kb": "king", "kc": "walked", "kd": "london", "ke": "woman", "kf": "man", "kg": "."}
NAMED |= {"jb": "brother", "jc": "she"}
PAIRS = [f"{a}{b}" for a in "abcdefghijkl" for b in "abcdefghijkl"]
WORDS = [PADDING, UNKNOWN, ",", *(NAMED.get(pair, pair) for pair in PAIRS)]


class LastPlusStep(nn.Module):
    """Forecast of step h: the last known value plus h; quantiles: h times (level - 0.5) around.

    The last output says which season it was told, or 7 if it had to find out.
    """

    def forward(self, values: Tensor, season_length: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        known = ~torch.isnan(values)  # (B, T)
        at = torch.arange(values.size(1)).unsqueeze(0)
        last_at = torch.where(known, at, torch.full_like(at, -1)).max(dim=1).values  # (B,)
        last = values.gather(1, last_at.unsqueeze(1))  # (B, 1)
        steps = torch.arange(1, 6).float()
        offsets = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9]) - 0.5
        mean = last + steps  # (B, Q)
        quantiles = mean.unsqueeze(2) + steps.unsqueeze(1) * offsets  # (B, Q, L)
        found = torch.where(season_length == 0, torch.full_like(season_length, 7), season_length)
        return mean, quantiles, found


class Brightness(nn.Module):
    """The class is the mean grey level, in tenths of white; its probability is near 1."""

    def forward(self, images: Tensor) -> Tensor:
        tenths = images.mean(dim=(1, 2)) / 25.5
        distance = tenths.unsqueeze(1) - torch.arange(10)
        return torch.softmax(-8.0 * distance * distance, dim=1)


class NextInVocabulary(nn.Module):
    """The likeliest words are those that follow the last one in the vocabulary, 1/2, 1/4, ...

    All other words and marks have a chance of 2 ** -101. The neighbours of a word are those with
    the nearest ids, an id more costing a thousandth of similarity, and those after it rather than
    those before it; for a sum, those of the sum of ids.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ranks = torch.tensor(WordOrder(Vocabulary(WORDS)).ranks)

    def forward(self, contexts: Tensor) -> tuple[Tensor, Tensor]:
        words, halves = self._halves(contexts)
        return words[:, :10], halves[:, :10]

    def suggest(self, contexts: Tensor, lows: Tensor, highs: Tensor) -> tuple[Tensor, Tensor]:
        outside = (self.ranks < lows.unsqueeze(1)) | (self.ranks >= highs.unsqueeze(1))
        shares = self._scores(contexts).exp().masked_fill(outside, -1.0)
        best, words = torch.sort(shares, dim=1, descending=True, stable=True)
        return words[:, :100].masked_fill(best[:, :100] < 0, 0), best[:, :100].clamp(min=0.0)

    def _halves(self, contexts: Tensor) -> tuple[Tensor, Tensor]:
        steps = torch.arange(100)
        n_words = 147 - 3
        words = (contexts[:, -1:].clamp(min=2) - 2 + steps) % n_words + 3  # (B, 100)
        halves = 0.5 ** (steps + 1.0)
        return words, halves.unsqueeze(0).expand(words.size(0), 100)

    def score(self, contexts: Tensor, targets: Tensor) -> Tensor:
        return self._scores(contexts).gather(1, targets.unsqueeze(1)).squeeze(1)

    def draw(
        self,
        contexts: Tensor,
        banned: Tensor,
        temperatures: Tensor,
        top_ks: Tensor,
        top_ps: Tensor,
        uniforms: Tensor,
    ) -> tuple[Tensor, Tensor]:
        scores = self._scores(contexts)
        allowed = scores.scatter(1, banned, float("-inf"))
        words = draw(allowed, 100, temperatures, top_ks, top_ps, uniforms)
        return words, scores.gather(1, words.unsqueeze(1)).squeeze(1)

    def neighbours(self, words: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        place = (words * weights).sum(dim=1, keepdim=True) + 0.25
        near = 1 - (torch.arange(147) - place).abs() / 1000  # (B, V)
        asked = torch.where(weights != 0, words, torch.zeros_like(words))
        best, at = torch.topk(near.scatter(1, asked, -2.0)[:, 3:], 100, dim=1)
        return at + 3, best

    def _scores(self, contexts: Tensor) -> Tensor:
        words, shares = self._halves(contexts)
        least = torch.full((contexts.size(0), 147), 0.5**101)
        return least.scatter(1, words, shares).log()


class RunningSum(nn.Module):
    """Every output is the sum of all samples so far; the state is that sum, and their number."""

    def forward(self, signals: Tensor, lengths: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        real = torch.arange(signals.size(1)) < lengths.unsqueeze(1)
        kept = torch.where(real, signals, torch.zeros_like(signals))
        sums = states[:, :1] + kept.cumsum(dim=1)
        counts = states[:, 1:] + lengths.unsqueeze(1)
        last = states[:, :1] + kept.sum(dim=1, keepdim=True)
        return torch.where(real, sums, torch.zeros_like(sums)), torch.cat([last, counts], dim=1)


def batch_first(name: str, dtype: str, *axes: tuple[str, int]) -> TensorSpec:
    return TensorSpec(
        name, dtype, (-1, *(size for _, size in axes)), ("batch", *(axis for axis, _ in axes))
    )


def forecaster_draft(name: str = "forecaster") -> Draft:
    values = np.array([[np.nan, 1.0, 2.0], [4.0, np.nan, 5.0]], dtype=np.float32)
    return Draft(
        name=name,
        task="forecast",
        inputs=(
            batch_first("values", "float32", ("time", -1)),
            batch_first("season_length", "int64"),
        ),
        outputs=(
            batch_first("mean", "float32", ("horizon", HORIZON)),
            batch_first("quantiles", "float32", ("horizon", HORIZON), ("level", len(LEVELS))),
            batch_first("season_length", "int64"),
        ),
        parameters={"horizon": HORIZON, "context_length": CONTEXT, "quantile_levels": LEVELS},
        golden=[{"values": values, "season_length": np.array([0, 4])}],
        **PROVENANCE,
    )


def classifier_draft(name: str = "digits", classes: Sequence[str] = "0123456789") -> Draft:
    return Draft(
        name=name,
        task="classify",
        inputs=(batch_first("images", "float32", ("row", 28), ("column", 28)),),
        outputs=(batch_first("probabilities", "float32", ("class", 10)),),
        parameters={"classes": list(classes), "image_size": 28},
        golden=[{"images": np.full((2, 28, 28), 51, dtype=np.float32)}],
        **PROVENANCE,
    )


def next_word_draft(name: str = "next-word", *, further_methods: bool = True) -> Draft:
    contexts = [{"contexts": np.array([[0, 0, 5]])}, {"contexts": np.array([[1, 2, 140]])}]
    golden: dict[str, Any] = {
        "suggest": [suggest_example(contexts[0]["contexts"], 5, 10)],
        "score": [score_example(contexts[0]["contexts"], 6)],
        "draw": [draw_example(context["contexts"], at) for at, context in enumerate(contexts)],
        "neighbours": [query_example(5)],
    }
    return Draft(
        name=name,
        task="next-word",
        inputs=(batch_first("contexts", "int64", ("word", ORDER)),),
        outputs=(
            batch_first("words", "int64", ("candidate", 10)),
            batch_first("probabilities", "float32", ("candidate", 10)),
        ),
        parameters={
            "context_length": ORDER,
            "tokenizer": DEFAULT_SPEC,
            "vocabulary_file": "vocabulary.txt",
            "casing_file": "casing.txt",
            "padding_id": PADDING_ID,
            "unknown_id": UNKNOWN_ID,
            "max_top_k": 100,
        },
        golden=contexts,
        methods=next_word_methods(100, ORDER) if further_methods else {},
        method_golden=golden if further_methods else {},
        files={
            "vocabulary.txt": ("\n".join(WORDS) + "\n").encode(),
            "casing.txt": b"London\nLc\n",
        },
        **PROVENANCE,
    )


def transducer_draft(name: str = "transducer") -> Draft:
    signals = np.arange(12, dtype=np.float32).reshape(3, 4)
    return Draft(
        name=name,
        task="transduce",
        inputs=transducer_inputs(2),
        outputs=transducer_outputs(2),
        parameters={"state_size": 2},
        golden=golden_signals(signals, 2),
        **PROVENANCE,
    )


def write_tiny_repository(root: Path) -> Path:
    """The four families, each as version 1."""
    write_export(LastPlusStep(), forecaster_draft(), root)
    write_export(Brightness(), classifier_draft(), root)
    write_export(NextInVocabulary(), next_word_draft(), root)
    write_export(RunningSum(), transducer_draft(), root)
    return root


class SlowBrightness(Brightness):
    """The same, after a tenth of a second or so of idle arithmetic, whatever the batch."""

    def forward(self, images: Tensor) -> Tensor:
        idle = torch.zeros(200, 200)
        for _ in range(100):
            idle = idle @ idle
        tenths = images.mean(dim=(1, 2)) / 25.5 + idle.sum()
        distance = tenths.unsqueeze(1) - torch.arange(10)
        return torch.softmax(-8.0 * distance * distance, dim=1)
