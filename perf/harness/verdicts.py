"""Ratios and bars: what the rounds say, with their uncertainty."""

from dataclasses import dataclass
from statistics import median

from .series import DIRECT
from .stats import bootstrap_median, paired, verdict

PEERS = ("nginx", "haproxy")


@dataclass
class Ratio:
    """One contender's figure as a ratio to another's, per round."""

    figure: str
    one: str
    other: str
    pairs: int
    # (median, low, high); None where there are too few rounds: one pair has no spread, and would look certain.
    interval: tuple | None

    @property
    def says(self):
        if self.interval is None:
            return "too few rounds"
        _, low, high = self.interval
        return "less" if high < 1 else "more" if low > 1 else "unresolved"


def by_round(samples, point, name, figure):
    return {s["round"]: s[figure] for s in samples if s["point"] == point.label and s["target"] == name and s.get(figure) is not None}


def ratio(samples, point, figure, one, other):
    values = paired(by_round(samples, point, one, figure), by_round(samples, point, other, figure))
    return Ratio(figure, one, other, len(values), bootstrap_median(values) if len(values) > 1 else None)


def ratios(samples, point, figures, subject):
    """Those the point names, or the subject against everyone else, as far as they were measured."""
    names = [c.name for c in point.contenders]
    pairs = point.pairs or [(subject, n) for n in names if n not in (subject, DIRECT)]
    return [ratio(samples, point, figure, one, other) for figure in figures for one, other in pairs if one in names and other in names]


@dataclass
class Judged:
    """A bar with what was measured of it."""

    text: str
    interval: tuple | None
    says: str
    stretch: str


def judge(samples, point, bar):
    subject = bar.subject or "filterproxy"
    if bar.against is None:
        values = list(by_round(samples, point, subject, bar.figure).values())
        interval = bootstrap_median(values) if values else None
        text = f"{subject}: {FIGURES[bar.figure]} at most {bar.most:g}"
    else:
        wanted = PEERS if bar.against == "best" else (bar.against,)
        medians = {n: median(v) for n in wanted if (v := by_round(samples, point, n, bar.figure).values())}
        against = min(medians, key=medians.get) if medians else " or ".join(wanted)
        better = " (the better of nginx and haproxy)" if len(medians) > 1 else ""
        interval = ratio(samples, point, bar.figure, subject, against).interval
        text = f"{subject}: {FIGURES[bar.figure]} at most {bar.most:.2f} of {against}{better}"
    if interval is None:
        return Judged(text, None, "not measured", "")
    stretch = f"{bar.stretch:.2f}: {verdict(interval, bar.stretch)}" if bar.stretch else ""
    return Judged(text, interval, verdict(interval, bar.most), stretch)


FIGURES = {
    "cpu_us": "CPU per request", "p50": "p50", "p99": "p99", "p999": "p99.9",
    "loaded_mb": "MB resident under load", "idle_kib": "KiB per idle connection",
}
