from pathlib import Path

import numpy as np
import pytest

from training.errors import DataError
from training.transduce.config import TransducerTraining
from training.transduce.sources import load_source


def table(folder: Path, content: str) -> TransducerTraining:
    path = folder / "pump.csv"
    path.write_text(content)
    return TransducerTraining(
        data=path, window_length=5, windows=4, batch_size=3, held_out_share=0.4
    )


def ramp(n_rows: int) -> str:
    return "valve,pressure\n" + "".join(f"{row},{10 * row}\n" for row in range(n_rows))


def test_a_table_is_cut_in_time(tmp_path: Path) -> None:
    source = load_source(table(tmp_path, ramp(100)))

    for number in range(20):
        batch = source.batch(number)
        assert batch.inputs.shape == (3, 20)
        assert batch.inputs.max() < 60
        np.testing.assert_array_equal(batch.targets, 10 * batch.inputs)
    assert source.validation.inputs[source.validation.scored].tolist() == list(range(60, 80))
    assert source.test.inputs[source.test.scored].tolist() == list(range(80, 100))
    assert source.units[0] == pytest.approx((29.5, np.arange(60).std()))


def test_batches_repeat_for_the_same_number(tmp_path: Path) -> None:
    for config in (TransducerTraining(smoke=True), table(tmp_path, ramp(100))):
        source = load_source(config)
        np.testing.assert_array_equal(source.batch(7).inputs, source.batch(7).inputs)
        assert (source.batch(7).inputs != source.batch(8).inputs).any()


def test_columns_are_chosen_by_name(tmp_path: Path) -> None:
    config = table(tmp_path, "time,a,b\n" + "".join(f"{t},{t + 1},{-t}\n" for t in range(90)))
    chosen = TransducerTraining(
        data=config.data, input_column="b", output_column="a", window_length=5, windows=4
    )

    signals = load_source(chosen).test

    np.testing.assert_array_equal(signals.targets, 1 - signals.inputs)


def test_simulated_signals_to_measure_with_are_not_those_to_choose_with() -> None:
    source = load_source(TransducerTraining(n_measured=4))

    assert (source.validation.inputs != source.test.inputs).any()
    assert (source.fitting.inputs != source.test.inputs).any()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("valve\n1\n2\n", "two columns are needed"),
        ("valve,pressure\n1,2\n3,\n", "holds nothing in row 3"),
        ("valve,pressure\n1,2\nx,4\n", "holds 'x' in row 3"),
        ("valve,pressure\n1,2\n3,4\n", "2 samples are too few"),
    ],
    ids=["empty", "one column", "gap", "word", "short"],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_source(table(tmp_path, content))


def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    config = TransducerTraining(data=table(tmp_path, ramp(9)).data, output_column="flow")
    with pytest.raises(DataError, match="no column 'flow'; --output-column .* valve, pressure"):
        load_source(config)
