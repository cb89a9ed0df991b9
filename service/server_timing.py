"""``Server-Timing``: tells a caller where the time of a prediction went.

Source: https://www.w3.org/TR/server-timing/ (durations in milliseconds)
"""

from service.request_record import RequestRecord


def server_timing(record: RequestRecord, now_s: float) -> bytes:
    """The value of the header for an answer that is about to be sent at ``now_s``.

    ``parse`` runs from the end of the body to the first rows in the queue, ``encode`` from the last
    outputs to the bytes of the answer. What a failed request did not come to is left out.
    """
    if not record.asked_s:
        return b"parse;dur=%.3f" % ((now_s - record.read_s) * 1e3)
    parse_ms = (record.asked_s - record.read_s) * 1e3
    if not record.passes:
        return b"parse;dur=%.3f, queue;dur=%.3f" % (parse_ms, (now_s - record.asked_s) * 1e3)
    return (
        b'parse;dur=%.3f, queue;dur=%.3f, compute;dur=%.3f, encode;dur=%.3f, batch;desc="rows=%d"'
        % (
            parse_ms,
            record.queue_s * 1e3,
            record.predict_s * 1e3,
            (now_s - record.answered_s) * 1e3,
            record.batch_rows,
        )
    )
