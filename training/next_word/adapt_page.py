"""The report of a next-word network adapted to a user's text."""

from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.figure import Figure

from models.tokenizer import PARAGRAPH
from training.loop import History
from training.next_word.adaptation import Adaptation, table_of
from training.next_word.contenders import ADAPTED
from training.next_word.neighbours import nearest_of
from training.next_word.parent_network import Reader
from training.provenance import chosen_options
from training.report import Report, new_figure, plot_style

_N_EXAMPLES = 14
_N_SHOWN = 4
_N_NEW = 15
_WORDS_BEFORE = 8


def adapted_page(made: Adaptation) -> str:
    """The verdict first, then what a person wants to look at."""
    verdict, parent = made.comparison.recommendation, made.parent.label
    before, after = made.readers[f"{parent} unchanged"], made.readers[ADAPTED]
    report = Report(f"{made.config.name}: adapted from {parent}", verdict.sentence)
    report.table("Beside the alternatives", *table_of(made), note=_NOTE)
    report.text("In words", " ".join(f"{outcome.words}." for outcome in verdict.contests))
    report.figure("Perplexity", bars(made.comparison.perplexities), "Lower is better.")
    note = "Dashed: on the text that stops the learning, words unknown to each being one."
    report.figure("Learning", learning(made.histories), note)
    rows = before_and_after(before, after, made.text.judged)
    header = ("text", "came", "suggested before", "suggested now")
    note = "Places evenly spread over the judged text."
    report.table("Suggestions before and after", header, rows, note)
    report.table("New words", ("word", "used alike"), new_words_table(before, after))
    settings = {**chosen_options(made.config), "from": parent}
    return report.settings("Settings", settings).render()


_NOTE = (
    "Perplexity per word of the user's own held-out text. A word that a model does not know costs "
    "its spelling as well, by the same letter model for all, so that a small vocabulary is no "
    "advantage. In first 3: where a word follows, an unknown one being a miss. Unknown: share of "
    "the judged words. Old text: perplexity on some of what the parent was judged on."
)


def bars(perplexities: Mapping[str, float]) -> Figure:
    """Perplexity of everybody."""
    with plot_style():
        figure = new_figure(height=2.4)
        axes = figure.add_subplot()
        names = list(perplexities)[::-1]
        colors = ["tab:blue" if name == ADAPTED else "tab:gray" for name in names]
        drawn = axes.barh(names, [perplexities[name] for name in names], color=colors)
        axes.bar_label(drawn, fmt="{:.1f}", padding=3)
        axes.set_xlabel("perplexity per word")
    return figure


def learning(histories: Mapping[str, History]) -> Figure:
    """Loss and held-out perplexity, adapted and from scratch."""
    with plot_style():
        figure = new_figure()
        axes = figure.add_subplot()
        for number, (name, history) in enumerate(histories.items()):
            axes.plot(*history.series("loss"), color=f"C{number}", label=name)
            steps, perplexities = history.series("validation_perplexity")
            axes.plot(steps, np.log(perplexities), color=f"C{number}", linestyle="--", marker=".")
        axes.set(xlabel="step", ylabel="nats per token")
        axes.legend()
    return figure


def before_and_after(
    before: Reader, after: Reader, words: list[str]
) -> list[tuple[str, str, str, str]]:
    """Places of the text, with what came and what both suggest there."""
    places = [at for at, word in enumerate(words) if at >= _WORDS_BEFORE and word[0].isalpha()]
    step = max(1, len(places) // _N_EXAMPLES)
    rows = []
    for at in places[::step][:_N_EXAMPLES]:
        shown = " ".join("¶" if w == PARAGRAPH else w for w in words[at - _WORDS_BEFORE : at])
        rows.append(
            (shown, words[at], _suggested(before, words[:at]), _suggested(after, words[:at]))
        )
    return rows


@torch.inference_mode()
def _suggested(reader: Reader, words: list[str]) -> str:
    context = reader.vocabulary.context(words, reader.network.context_length)
    first = reader.vocabulary.first_word_id
    shares = torch.softmax(reader.network(torch.tensor([context])), dim=1)[0, first:]
    best, place = torch.topk(shares, min(_N_SHOWN, len(shares)))
    return ", ".join(
        f"{reader.vocabulary.words[int(at) + first]} {share:.0%}"
        for at, share in zip(place, best.tolist(), strict=True)
    )


def new_words_table(before: Reader, after: Reader) -> list[tuple[str, str]]:
    """The first new words, with those that the adapted network uses alike."""
    known = set(before.vocabulary.words)
    added = [word for word in after.vocabulary.words if word not in known][:_N_NEW]
    vectors = after.network.words().detach().numpy()
    return nearest_of(added, vectors, after.vocabulary) or [("(none)", "")]
