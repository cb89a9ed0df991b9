import pytest

from benchmarks.serving.wrk import WrkFailed, parse

LINE = (
    '{"requests": 900, "duration_us": 3000000, "p50_us": 1500, "p99_us": 12500, '
    '"refused": 30, "broken": 4, "timeouts": 1}'
)
OUTPUT = f"Running 3s test @ http://127.0.0.1:1/classify\n  Latency  1.5ms\n{LINE}\n"


def test_the_line_of_the_script_is_found_among_what_wrk_prints() -> None:
    result = parse(OUTPUT)
    assert (result.p50_ms, result.p99_ms) == (1.5, 12.5)


def test_refused_requests_are_errors_and_no_answers() -> None:
    result = parse(OUTPUT)
    assert result.n_requests == 870
    assert result.requests_per_s == 290
    assert (result.n_errors, result.n_refused) == (35, 30)


def test_no_result_is_said_with_what_wrk_said() -> None:
    with pytest.raises(WrkFailed, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:1 Connection refused")
