"""How many rows share a pass, where more of them would not make a row cheaper.

A graph's pass costs a good deal before its first row, so the fuller the better. One in C costs next
to nothing before it: then a pass that still runs on the event loop has all there is to gain, and
spares the hand-over to a thread.
"""

from service.batch_cost import Cost

# Of a pass: a start that takes less is no reason for more rows.
SMALL_START = 0.05


def room_of(compute: Cost, most: int, pass_s: float) -> int:
    """Rows of a pass: ``most``, or those whose pass takes ``pass_s`` if its start is cheap.

    A power of two, as the sizes of requests often are: then fewer of them are split.
    """
    if not compute.row_s or compute.start_s > SMALL_START * pass_s:
        return most
    fitting = int((pass_s - compute.start_s) / compute.row_s)
    return min(most, 1 << max(fitting, 1).bit_length() - 1)
