"""The report of a next-word training."""

from collections.abc import Sequence

from models.manifest import Metric
from models.next_words import NextWords
from training.loop import History
from training.next_word import plots
from training.next_word.config import NextWordTraining
from training.next_word.corpus import Corpus
from training.next_word.evaluation import Evaluation, hit_rates
from training.next_word.neighbours import nearest_words
from training.next_word.suggestions import suggestions
from training.provenance import chosen_options
from training.report import Report, loss_curve

_CONTEXTS = (
    "",
    "i am",
    "once upon a",
    "to be or not to",
    "he looked at her and",
    "the king of",
    "thank you very",
    "in the middle of the",
)


def build_page(
    config: NextWordTraining,
    corpus: Corpus,
    history: History,
    network: NextWords,
    evaluation: Evaluation,
    metrics: Sequence[Metric],
) -> str:
    """Tables of figures, then what a person wants to look at."""
    baseline = next(iter(metrics[0].baselines))
    ratio = evaluation.perplexity / evaluation.baseline_perplexity
    report = Report(
        f"{config.name}: the next word",
        f"Perplexity {evaluation.perplexity:.1f} on {corpus.evaluation_name}, {ratio:.3f} of the "
        f"{evaluation.baseline_perplexity:.1f} of a {baseline} on the same tokens.",
    )
    rows = [
        (m.data, m.name.replace("_", " "), m.value, m.baselines.get(baseline, ""), m.note)
        for m in metrics
    ]
    report.table("Metrics", ("text", "metric", "network", baseline, "note"), rows)
    steps, losses = history.series("loss")
    validated = history.series("validation_perplexity")
    report.figure("Learning", loss_curve(steps, losses, validation_perplexity=validated))
    report.figure(
        "Perplexity by context",
        plots.perplexity_by_context(
            evaluation.by_context, evaluation.baseline_by_context, "Kneser-Ney"
        ),
        "Only the last words are given, cut anywhere; each Kneser-Ney point is a model of that "
        "order. The network takes a short context for the start of a sentence, as people type, "
        "which costs it something here.",
    )
    _add_guesses(report, corpus, evaluation)
    table = network.network.words().detach().numpy()
    neighbours = nearest_words(table, corpus.vocabulary)
    report.table("Words held for similar", ("word", "nearest"), neighbours)
    shown = suggestions(network, corpus.vocabulary, _CONTEXTS)
    report.table("Suggestions", ("after", "likeliest next words"), shown)
    report.settings("Settings", chosen_options(config))
    return report.render()


def _add_guesses(report: Report, corpus: Corpus, evaluation: Evaluation) -> None:
    first = corpus.vocabulary.first_word_id
    own = hit_rates(evaluation.network, evaluation.targets, first)
    theirs = hit_rates(evaluation.baseline, evaluation.targets, first)
    report.figure(
        "Hit rates",
        plots.hit_rate_bars(own, theirs, "Kneser-Ney"),
        "Word: where a word follows, among words only, unknown words counted as misses. Token: "
        "everywhere, marks included.",
    )
    report.figure(
        "Reliability",
        plots.reliability(evaluation.network),
        "Of the first guesses given with probability p, a share p should be right.",
    )
