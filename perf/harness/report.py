"""The Markdown report of one series."""

from statistics import median

from .rounds import DIRECT
from .stats import bootstrap_median, calm, paired, verdict

TEMPLATES = "origin.conf.in, filterproxy.yaml.in, nginx.conf.in, haproxy.cfg.in"
MIB = 1024 * 1024


def render(series, samples, facts, subject, picture):
    names = list(dict.fromkeys(s["target"] for s in samples))
    counted, note = calm(samples)
    by_name = {n: [s for s in counted if s["target"] == n] for n in names}
    parts = [f"# {series.title}", _problems(samples), note, _table(by_name), f"![CPU per request and requests per second]({picture})",
             _ratios(series, by_name, subject), _conditions(series, samples, facts)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _problems(samples):
    lines = [f"- round {s['round'] + 1}, {s['target']}: {'; '.join(s['problems'])}" for s in samples if s["problems"]]
    return "**This run failed; its figures mean nothing.**\n\n" + "\n".join(lines) if lines else ""


def _table(by_name):
    rows = [
        "| target | rounds | req/s median | req/s max | p50 ms | p99 ms | CPU us/req median | CPU us/req min | busy | RSS MiB | errors |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    marked = False
    for name, runs in by_name.items():
        rates = [s["rate"] for s in runs]
        latency = [f"{median(s['latency_us'][q] for s in runs) / 1000:.2f}" for q in ("p50", "p99")]
        errors = sum(sum(s["errors"].values()) for s in runs)
        limited = name != DIRECT and median(s["busy"] for s in runs) < 0.95 and median(s["load_busy"] for s in runs) > 0.95
        marked |= limited
        if name == DIRECT:
            own = ["", "", "", ""]
        else:
            cpu = [s["cpu_us"] for s in runs]
            own = [f"{median(cpu):.1f}", f"{min(cpu):.1f}", f"{median(s['busy'] for s in runs):.0%}",
                   f"{median(s['rss'] for s in runs) / MIB:.0f}"]
        label = "direct to the origin" if name == DIRECT else name
        rows.append(f"| {label} | {len(runs)} | {median(rates):.0f}{'*' if limited else ''} | {max(rates):.0f} | {' | '.join(latency)} "
                    f"| {' | '.join(own)} | {errors} |")
    if marked:
        rows.append("\n\\* The cores of the origin and wrk were full before the proxy's: rate and latency are theirs, "
                    "and only CPU per request compares the proxies.")
    return "\n".join(rows)


def _ratios(series, by_name, subject):
    others = [n for n in by_name if n not in (subject, DIRECT)]
    if subject not in by_name or not others:
        return f"No ratios: {subject} was not measured beside another proxy."
    cpu = {n: {s["round"]: s["cpu_us"] for s in by_name[n]} for n in [subject, *others]}
    ratios = {n: paired(cpu[subject], cpu[n]) for n in others}
    # One pair has no spread, and an interval without spread would look certain.
    intervals = {n: bootstrap_median(pairs) for n, pairs in ratios.items() if len(pairs) > 1}
    rows = [
        f"## CPU per request of {subject} against each other proxy",
        "",
        "Median of the per-round ratios with its 95% bootstrap interval. Below 1 is cheaper; an interval that holds 1 is unresolved.",
        "",
        "| against | pairs | ratio | interval | |",
        "|---|---:|---:|---|---|",
    ]
    for name, (middle, low, high) in intervals.items():
        says = "cheaper" if high < 1 else "dearer" if low > 1 else "unresolved"
        rows.append(f"| {name} | {len(ratios[name])} | {middle:.2f} | {low:.2f} to {high:.2f} | {says} |")
    rows += [f"| {name} | {len(ratios[name])} | | too few rounds | |" for name in others if name not in intervals]
    if subject == "filterproxy":
        rows += [""] + [_bar(name, bar, intervals, cpu) for name, bar in series.bars.items()]
    return "\n".join(rows)


def _bar(name, bar, intervals, cpu):
    wanted = ["nginx", "haproxy"] if name == "best" else [name]
    there = [n for n in wanted if n in intervals]
    if not there:
        return f"Bar of at most {bar:.2f} of {' and '.join(wanted)}: not measured."
    against = min(there, key=lambda n: median(cpu[n].values()))
    says = verdict(intervals[against], bar)
    return f"Bar: at most {bar:.2f} of {against}{' (the better of ' + ' and '.join(there) + ')' if len(there) > 1 else ''}: **{says}**."


def _conditions(series, samples, facts):
    measured = [s for s in samples if s["target"] != DIRECT] or samples
    rows = ["## Conditions", "", "| | |", "|---|---|"]
    rows += [f"| {name} | {value} |" for name, value in facts.items()]
    rows.append(f"| other work on the proxy's core | median {median(s['foreign'] for s in measured):.1%}, "
                f"most {max(s['foreign'] for s in measured):.1%} of it |")
    rows.append(f"| other work on the load's core | median {median(s['load_foreign'] for s in measured):.1%}, "
                f"most {max(s['load_foreign'] for s in measured):.1%} of it |")
    rows.append(f"| load per request | origin {median(s['origin_cpu_us'] for s in measured):.1f} us, "
                f"wrk {median(s['wrk_cpu_us'] for s in measured):.1f} us of CPU |")
    replaced = ", ".join(series.templates.values())
    rows.append(f"| configurations | perf/proxies/: {TEMPLATES}{', ' + replaced if replaced else ''}; perf/yarp/Program.cs |")
    return "\n".join(rows)
