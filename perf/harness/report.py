"""The Markdown report of one series, and its raw figures."""

import json
from statistics import median

from .model import FOOTPRINT, LOAD, PACED
from .series import DIRECT
from .stats import calm
from .verdicts import FIGURES, judge, ratios

TEMPLATES = "perf/proxies/ and perf/harness/configs.py; perf/yarp/Program.cs"
MIB = 1024 * 1024


def render(series, points, samples, facts, subject, name):
    counted, note = calm(samples)
    parts = [f"# {series.title}", _problems(samples), note, _bars(points, counted), f"![{series.title}]({name}.svg)"]
    for point in points:
        if not point.contenders:
            continue
        if len(points) > 1:
            parts.append(f"## {point.label}")
        parts += [TABLES[series.kind](point, counted, facts), _ratios(series, point, counted, subject)]
    parts += [_notes(series), _conditions(series, points, counted, facts, name)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _problems(samples):
    lines = [f"- round {s['round'] + 1}, {s['point']}, {s['target']}: {s['problems']}" for s in samples if s["problems"]]
    return "**This run failed; its figures mean nothing.**\n\n" + "\n".join(lines) if lines else ""


def _bars(points, counted):
    rows = []
    for point in points:
        for bar in point.bars:
            judged = judge(counted, point, bar)
            measured = "" if judged.interval is None else "{:.2f} ({:.2f} to {:.2f})".format(*judged.interval)
            rows.append(f"| {point.label} | {judged.text} | {measured} | **{judged.says}** | {judged.stretch} |")
    head = ["| bar for | | measured | | stretch |", "|---|---|---|---|---|"]
    return "\n".join(head + rows) if rows else ""


def _runs(point, counted):
    for contender in point.contenders:
        runs = [s for s in counted if s["point"] == point.label and s["target"] == contender.name]
        if runs:
            yield contender.name, runs


def _middle(runs, figure, form, scale=1.0):
    """The median of what was measured, or nothing."""
    values = [s[figure] for s in runs if s.get(figure) is not None]
    return format(median(values) * scale, form) if values else ""


def _load_table(point, counted, facts):
    rows = [
        "| target | rounds | req/s median | req/s max | p50 ms | p99 ms | CPU us/req median | CPU us/req min | busy | RSS MiB | errors |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    marked = False
    for name, runs in _runs(point, counted):
        limited = name != DIRECT and "share" not in facts.get("cores", "") and \
            median(s["busy"] for s in runs) < 0.95 and median(s["load_busy"] for s in runs) > 0.95
        marked |= limited
        least = "" if name == DIRECT else f"{min(s['cpu_us'] for s in runs):.1f}"
        cells = ["direct to the origin" if name == DIRECT else name, len(runs), _middle(runs, "rate", ".0f") + ("*" if limited else ""),
                 f"{max(s['rate'] for s in runs):.0f}", _middle(runs, "p50", ".2f", 1e-3), _middle(runs, "p99", ".2f", 1e-3),
                 _middle(runs, "cpu_us", ".1f"), least, _middle(runs, "busy", ".0%"), _middle(runs, "rss", ".0f", 1 / MIB),
                 sum(s["errors"] for s in runs)]
        rows.append(_row(cells))
    if marked:
        rows.append("\n\\* The cores of the origin and the load generator were full before the proxy's: rate and latency are theirs, "
                    "and only CPU per request compares the proxies.")
    return "\n".join(rows)


def _paced_table(point, counted, facts):
    rows = ["| target | rounds | req/s | p50 us | p99 us | p99.9 us | longest ms | sent late, p99.9 us | CPU us/req | busy | load busy | errors |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"]
    marked = False
    for name, runs in _runs(point, counted):
        limited = median(s["load_busy"] for s in runs) > 0.9
        marked |= limited
        rows.append(_row([name, len(runs), _middle(runs, "rate", ".0f") + ("*" if limited else ""), *(_middle(runs, p, ".0f") for p in ("p50", "p99", "p999")),
                          f"{max(s['max'] for s in runs) / 1000:.1f}", _middle(runs, "late", ".0f"), _middle(runs, "cpu_us", ".1f"),
                          _middle(runs, "busy", ".0%"), _middle(runs, "load_busy", ".0%"), sum(s["errors"] for s in runs)]))
    if marked:
        rows.append("\n\\* The cores of the origin and the load generator were as good as full: their queue is part of these latencies. "
                    "Give them more cores with --load-cpus.")
    return "\n".join(rows)


def _footprint_table(point, counted, facts):
    rows = ["| target | rounds | at start MB | most under load MB | after it MB | with idle connections MB | KiB per idle connection "
            "| the same from the start on | live managed heap MB |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for name, runs in _runs(point, counted):
        rows.append(_row([name, len(runs), *(_middle(runs, f, ".1f") for f in ("start_mb", "loaded_mb", "after_mb", "idle_mb")),
                          *(_middle(runs, f, ".2f") for f in ("idle_kib", "idle_from_start_kib")), _middle(runs, "heap_mb", ".1f")]))
    return "\n".join(rows)


def _row(cells):
    return "| " + " | ".join(str(c) for c in cells) + " |"


TABLES = {LOAD: _load_table, PACED: _paced_table, FOOTPRINT: _footprint_table}


def _ratios(series, point, counted, subject):
    if not series.figures:
        return ""
    found = ratios(counted, point, series.figures, subject)
    if not found:
        return f"No ratios: {subject} was not measured beside another proxy."
    rows = ["| ratio of | | to | pairs | median | 95% interval | |", "|---|---|---|---:|---:|---|---|"]
    for r in found:
        middle, interval = ("", "") if r.interval is None else (f"{r.interval[0]:.2f}", f"{r.interval[1]:.2f} to {r.interval[2]:.2f}")
        rows.append(_row([FIGURES[r.figure], r.one, r.other, r.pairs, middle, interval, r.says]))
    return "\n".join(rows)


def _notes(series):
    ratios_are = ("Ratios are taken within each round; shown are their median and its 95% bootstrap interval. Below 1 is less; an interval "
                  "that holds 1 is unresolved, and so is a bar that lies within its interval.") if series.figures else ""
    return "\n".join(text for text in (ratios_are, *series.notes) if text)


def _conditions(series, points, counted, facts, name):
    rows = ["## Conditions", "", "| | |", "|---|---|"]
    rows += [f"| {key} | {value} |" for key, value in facts.items()]
    measured = [s for s in counted if s.get("cpu_us") is not None]
    if measured:
        for figure, what in (("foreign", "the proxy's"), ("load_foreign", "the load's")):
            rows.append(f"| other work on {what} cores | median {median(s[figure] for s in measured):.1%}, most {max(s[figure] for s in measured):.1%} of them |")
        for point in points:
            mine = [s for s in measured if s["point"] == point.label]
            if mine:
                rows.append(f"| load per request, {point.label} | origin {median(s['origin_cpu_us'] for s in mine):.1f} us, "
                            f"load generator {median(s['load_cpu_us'] for s in mine):.1f} us of CPU |")
    rows.append("| connections | kept alive on both sides |")
    rows.append(f"| configurations | {TEMPLATES} |")
    rows.append(f"| every measurement | [{name}.json]({name}.json) |")
    return "\n".join(rows)


def raw(name, facts, samples):
    """Every measurement, a row each."""
    columns = list(samples[0])
    rows = [json.dumps([float(f"{v:.6g}") if isinstance(v, float) else v for v in sample.values()], separators=(",", ":")) for sample in samples]
    head = json.dumps({"series": name, "conditions": facts, "columns": columns}, ensure_ascii=False)
    return f'{head[:-1]}, "samples": [\n' + ",\n".join(rows) + "\n]}\n"
