"""Paced load: how fast the proxies can go at all, and then a share of that, at the same rate for all."""

from statistics import median

from .load import generate, paced

PROBES = 3


def peaks(point, runners, bench):
    """Requests per second of each contender at full load, found in turns."""
    seen = {c.name: [] for c in point.contenders}
    for _ in range(PROBES):
        for contender in point.contenders:
            load = generate(runners[contender.key].port, point.traffic, contender.setup, 2, bench.load_cpus)
            seen[contender.name].append(load.rate)
    return {name: median(rates) for name, rates in seen.items()}


def at(rate):
    """A load generator like the others, at this rate."""
    return lambda port, traffic, setup, seconds, cpus: paced(port, traffic, rate, seconds, cpus)
