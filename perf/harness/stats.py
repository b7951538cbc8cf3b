"""Medians and paired ratios. Pairs are taken per round, so what disturbs a whole round disturbs both sides of its ratio."""

import random
from statistics import median

SEED = 20240229
RESAMPLES = 10_000


def paired(numerators, denominators):
    """{round: value} twice -> the ratios of the rounds both have, in the order of the rounds."""
    return [numerators[r] / denominators[r] for r in sorted(numerators) if r in denominators and denominators[r] > 0]


def bootstrap_median(values, seed=SEED, resamples=RESAMPLES, confidence=0.95):
    """The median and its percentile bootstrap interval. The seed is fixed: the same rounds give the same interval."""
    if not values:
        raise ValueError("no values")
    source = random.Random(seed)
    medians = sorted(median(source.choices(values, k=len(values))) for _ in range(resamples))
    tail = (1 - confidence) / 2
    return median(values), medians[int(tail * resamples)], medians[min(resamples - 1, int((1 - tail) * resamples))]


def verdict(interval, bar):
    """What an interval says about a bar; an interval that holds the bar says nothing."""
    _, low, high = interval
    if high <= bar:
        return "met"
    return "missed" if low > bar else "unresolved"
