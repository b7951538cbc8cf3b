"""Medians and paired ratios. Pairs are taken per round, so what disturbs a whole round disturbs both sides of its ratio."""

import random
from collections import Counter
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


# An undisturbed round shows 1 to 3% (timer and kernel threads); a compiler running next to it shows far more.
DISTURBED = 0.15


def disturbed(sample):
    """Whether other programs took a noticeable part of the cores during this measurement."""
    return sample.get("load_foreign", 0) > DISTURBED or (sample.get("cpu_us") is not None and sample["foreign"] > DISTURBED)


def calm(samples):
    """The samples that count, and what to tell the reader about the rest.

    The rule looks at the other programs' CPU time alone, never at the result. When it would leave a contender with fewer
    than half of its rounds (or fewer than two), the machine as a whole was busy, and everything counts.
    """
    kept = [s for s in samples if not disturbed(s)]
    rounds, left = (Counter((s["point"], s["target"]) for s in some) for some in (samples, kept))
    if any(left[key] < max(count / 2, min(2, count)) for key, count in rounds.items()):
        return samples, (f"The machine was busy with other work: {len(samples) - len(kept)} of {len(samples)} measurements were "
                         "disturbed, too many to leave out. All count; repeat this run on a quiet machine.")
    if len(kept) == len(samples):
        return samples, ""
    return kept, (f"{len(samples) - len(kept)} of {len(samples)} measurements are left out, because other programs took more than "
                  f"{DISTURBED:.0%} of a core meanwhile.")
