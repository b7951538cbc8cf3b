"""Runs a series over all targets in interleaved rounds and writes the report."""

import argparse
import datetime
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from . import machine, plot, report
from .load import wrk
from .process import Failure, cpu_count, cpu_ids, free_ports
from .rounds import DIRECT, check_reply, measure
from .series import SERIES
from .targets import PERF, all_targets, missing_duties, start_origin, start_proxy


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/compare.sh", description="Compares FilterProxy with other proxies.")
    parser.add_argument("--rounds", type=int, help="measured rounds (12; 4 with --quick)")
    parser.add_argument("--seconds", type=int, help="seconds of load per round and proxy (6; 3 with --quick)")
    parser.add_argument("--quick", action="store_true", help="few short rounds, under 3 minutes; coarse intervals")
    parser.add_argument("--only", help="comma-separated targets: direct,filterproxy,nginx,haproxy,yarp")
    parser.add_argument("--subject", default="filterproxy", help="whose ratios to the others are reported")
    parser.add_argument("--series", default="small-get", choices=sorted(SERIES))
    parser.add_argument("--proxy-cpus", default="0", help="cores of the proxy under test (taskset list)")
    parser.add_argument("--load-cpus", default="1", help="cores of the origin and the load generator")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    parser.add_argument("--results", default=str(PERF / "results"), help="where the report goes")
    options = parser.parse_args(argv)
    options.rounds = options.rounds or (4 if options.quick else 12)
    options.seconds = options.seconds or (3 if options.quick else 6)
    if options.rounds < 1 or options.seconds < 1:
        parser.error("--rounds and --seconds must be positive")
    return options


def choose(options):
    """The targets to measure. What was asked for must be there; YARP alone may be missing when nobody named it."""
    known = all_targets()
    names = options.only.split(",") if options.only else [DIRECT, *known]
    unknown = [n for n in names if n != DIRECT and n not in known]
    if unknown:
        raise Failure(f"unknown target {', '.join(unknown)}; there are {DIRECT}, {', '.join(known)}")
    chosen = []
    for name in names:
        if name == DIRECT:
            continue
        target = known[name]
        if target.executable():
            chosen.append(target)
        elif name == "yarp" and not options.only:
            print("yarp: not built here (its package could not be restored); left out.")
        else:
            raise Failure(f"{name}: {target.command[0]} is not there")
    return DIRECT in names, chosen


def run(options):
    missing = [c for c in cpu_ids(options.proxy_cpus) + cpu_ids(options.load_cpus) if c not in os.sched_getaffinity(0)]
    if missing:
        raise Failure(f"core {missing[0]} is not available: name others with --proxy-cpus and --load-cpus")
    series = SERIES[options.series]
    with_direct, targets = choose(options)
    facts = machine.conditions(targets, {
        "build": machine.build(options.no_build),
        "connections": f"{series.connections}, keep-alive on both sides",
        "rounds": f"{options.rounds} of {options.seconds} s per target, order rotated each round",
        "cores": f"proxy on core {options.proxy_cpus}, origin and wrk on core {options.load_cpus}",
    })
    (PERF / ".work").mkdir(exist_ok=True)
    started = []
    with tempfile.TemporaryDirectory(dir=PERF / ".work", prefix="compare-") as work:
        try:
            origin_port, *ports = free_ports(1 + len(targets))
            origin = start_origin(work, origin_port, options.load_cpus)
            started.append(origin)
            runners = [(DIRECT, None, origin_port)] if with_direct else []
            for target, port in zip(targets, ports):
                proxy = start_proxy(target, work, port, origin_port, options.proxy_cpus, series.templates.get(target.name))
                started.append(proxy)
                runners.append((target.name, proxy, port))
                lacking = missing_duties(port)
                facts[f"{target.name} does not send"] = ", ".join(lacking) if lacking else None
            warm_up(runners, {t.name: t.warm_up_seconds for t in targets}, series, options)
            samples = all_rounds(runners, origin, origin_port, series, options)
        finally:
            for process in reversed(started):
                process.stop()
    return series, {k: v for k, v in facts.items() if v is not None}, samples


def warm_up(runners, seconds, series, options):
    for name, _, port in runners:
        duration = seconds.get(name, 2)
        print(f"warm-up  {name:<12} {duration} s", flush=True)
        check_reply(name, port, series)
        wrk(port, series, duration, options.load_cpus, cpu_count(options.load_cpus))


def all_rounds(runners, origin, origin_port, series, options):
    samples = []
    for number in range(options.rounds):
        turn = number % len(runners)
        for name, proxy, port in runners[turn:] + runners[:turn]:
            sample = measure(number, name, proxy, port, origin, origin_port, series, options.seconds,
                             options.proxy_cpus, options.load_cpus)
            samples.append(sample)
            cpu = f"{sample['cpu_us']:6.1f} us cpu" if proxy else " " * 13
            print(f"round {number + 1:>2}  {name:<12} {sample['rate']:9.0f} req/s {cpu}  "
                  f"p99 {sample['latency_us']['p99'] / 1000:7.2f} ms  {'; '.join(sample['problems'])}", flush=True)
    return samples


def main(argv):
    options = arguments(argv)
    # A stop from outside still runs the clean-up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        series, facts, samples = run(options)
    except Failure as failure:
        print(f"compare: {failure}", file=sys.stderr)
        return 1
    now = datetime.datetime.now(datetime.timezone.utc)
    commit = machine.commit()
    name = f"{now:%Y-%m-%d}-{commit}-{series.name}{'-quick' if options.quick else ''}"
    results = Path(options.results)
    (results / "raw").mkdir(parents=True, exist_ok=True)
    raw = [{"conditions": facts, "commit": commit, "time": now.isoformat(timespec="seconds")}, *samples]
    (results / "raw" / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in raw))
    (results / f"{name}.svg").write_text(plot.render(series, samples))
    text = report.render(series, samples, {"date": f"{now:%Y-%m-%d %H:%M} UTC", "commit": commit, **facts},
                         options.subject, f"{name}.svg")
    (results / f"{name}.md").write_text(text)
    print(f"\n{text}\nwritten: {results / name}.md, .svg and raw/{name}.jsonl")
    return 1 if any(sample["problems"] for sample in samples) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
