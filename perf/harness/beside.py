"""What clients notice of something that is done to the proxy: latency in rounds with it and without, in turns."""

import threading
from contextlib import contextmanager
from statistics import median

from .process import Failure

PERCENTILES = ("p50", "p99", "p99.9", "max")


@contextmanager
def doing(work):
    """Has work(stop) done by a thread of its own, which ends when `stop` is set. What it raises is raised at the end."""
    stop, raised = threading.Event(), []

    def guarded():
        try:
            work(stop)
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if raised:
        raise Failure(f"beside the load: {raised[0]!r}") from raised[0]


def rounds(count, works, load):
    """`works`: what is done, by name; None for nothing. Yields each name with what load() saw meanwhile."""
    for _ in range(count):
        for name, work in works.items():
            if work is None:
                seen = load()
            else:
                with doing(work):
                    seen = load()
            if seen.failed:
                raise Failure(f"requests failed: {seen.errors}")
            yield name, seen


def table(rows, columns):
    """Milliseconds, the median of the rounds: a line for each percentile, a column for each name with its heading."""
    lines = [f"| latency, ms (median of rounds) | {' | '.join(columns.values())} |", f"|---|{'---:|' * len(columns)}"]
    for key in PERCENTILES:
        cells = (median(row[key] / 1000 for row in rows if row["while"] == name) for name in columns)
        lines.append(f"| {key} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    return lines
