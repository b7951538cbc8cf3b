"""Sends a million requests in slices and fails when memory grows after the first one."""

import argparse
import datetime
import signal
import sys
import tempfile
from pathlib import Path

from . import machine
from .dotnet_diagnostics import heap_mib
from .load import h2load
from .model import Contender
from .process import Failure, free_ports, raise_limits
from .report import raw
from .rounds import Bench, Runner, check_reply
from .series import SMALL_GET
from .targets import PERF, all_targets, start_origin, start_proxy

MIB = 2**20


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/memory.sh", description="Memory must stay flat over many requests.")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--slices", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--target", default="filterproxy", choices=sorted(all_targets()))
    parser.add_argument("--max-rss-growth", type=float, default=16, metavar="MIB", help="after the first slice (16)")
    parser.add_argument("--max-heap-growth", type=float, default=1, metavar="MIB", help="live heap after the first slice (1)")
    parser.add_argument("--proxy-cpus", default="0")
    parser.add_argument("--load-cpus", default="1")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    parser.add_argument("--results", default=str(PERF / "results"))
    options = parser.parse_args(argv)
    if options.slices < 2 or options.requests < options.slices:
        parser.error("there must be two slices at least, and a request for each")
    return options


def needs(options):
    """What must be installed (command=package) and built."""
    tools = ["nginx=nginx", "h2load=nghttp2-client", "taskset=util-linux", *(["haproxy=haproxy"] if options.target == "haproxy" else [])]
    return tools, [options.target] if options.target in ("filterproxy", "yarp") and not options.no_build else []


def growth(samples, key):
    """How far any later slice stands above the first, or None where it was not measured."""
    values = [s[key] for s in samples]
    return None if None in values else max(values[1:]) - values[0]


def judge(samples, max_rss, max_heap):
    """What grew beyond its bound, in words."""
    found = []
    for key, bound, what in (("rss_mib", max_rss, "resident memory"), ("heap_mib", max_heap, "the live managed heap")):
        grew = growth(samples, key)
        if grew is not None and grew > bound:
            found.append(f"{what} grew by {grew:.1f} MiB after the first slice; the bound is {bound:g} MiB")
    return found


def run(options):
    target = all_targets()[options.target]
    if not target.executable():
        raise Failure(f"{target.name}: {target.command[0]} is not there")
    per_slice = options.requests // options.slices
    samples, started = [], []
    (PERF / ".work").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PERF / ".work", prefix="memory-") as work:
        try:
            origin_port, port = free_ports(2)
            bench = Bench(start_origin(work, origin_port, options.load_cpus), origin_port, options.proxy_cpus, options.load_cpus)
            started.append(bench.origin)
            proxy = start_proxy(target, work, port, origin_port, options.proxy_cpus)
            started.append(proxy)
            check_reply(bench, Runner(Contender(target.name), proxy, port), SMALL_GET)
            at_start = proxy.rss_bytes() / MIB
            print(f"{target.name}: {at_start:.1f} MiB resident at start; {options.slices} slices of {per_slice} requests", flush=True)
            for number in range(1, options.slices + 1):
                load = h2load(port, per_slice, options.connections, options.load_cpus)
                if load.failed or load.requests != per_slice:
                    raise Failure(f"slice {number}: {load.requests} requests, errors {load.errors}")
                # Resident memory as the load left it; the heap after a collection, so that garbage is no growth.
                rss = proxy.rss_bytes() / MIB
                heap = heap_mib(proxy.pid) if target.managed else None
                if target.managed and heap is None:
                    raise Failure(f"{target.name} did not tell its heap size: are its diagnostics switched off?")
                samples.append({"slice": number, "requests": number * per_slice, "rss_mib": rss, "heap_mib": heap})
                shown = "none" if heap is None else f"{heap:.2f} MiB"
                print(f"{number * per_slice:>9} requests  resident {rss:7.1f} MiB  live heap {shown}", flush=True)
        finally:
            for process in reversed(started):
                process.stop()
    return at_start, samples


def render(options, facts, at_start, samples, found):
    rows = [f"# Memory over {samples[-1]['requests']} requests: {options.target}", "",
            "**Grew: " + "; ".join(found) + ".**" if found else "Flat within the bounds.", "",
            "| requests | resident MiB | live heap MiB |", "|---:|---:|---:|", f"| at start | {at_start:.1f} | |"]
    rows += [f"| {s['requests']} | {s['rss_mib']:.1f} | {'' if s['heap_mib'] is None else format(s['heap_mib'], '.2f')} |" for s in samples]
    rows += ["", f"Bounds on growth after the first slice: {options.max_rss_growth:g} MiB resident, "
             f"{options.max_heap_growth:g} MiB live heap (measured after a full collection).", ""]
    rows += ["| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in facts.items()]
    return "\n".join(rows) + "\n"


def main(argv):
    options = arguments(argv)
    raise_limits()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        at_start, samples = run(options)
    except Failure as failure:
        print(f"memory: {failure}", file=sys.stderr)
        return 1
    found = judge(samples, options.max_rss_growth, options.max_heap_growth)
    now = datetime.datetime.now(datetime.timezone.utc)
    commit = machine.commit()
    facts = {"date": f"{now:%Y-%m-%d %H:%M} UTC", "commit": commit, "connections": options.connections,
             **machine.conditions([all_targets()[options.target]], {"build": machine.build(options.no_build)})}
    name = f"{now:%Y-%m-%d}-{commit}-memory" + ("" if options.target == "filterproxy" else f"-{options.target}")
    results = Path(options.results)
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{name}.json").write_text(raw("memory", facts, samples))
    (results / f"{name}.md").write_text(render(options, facts, at_start, samples, found))
    print("\n".join(found) if found else "Flat within the bounds.")
    print(f"written: {results / name}.md")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
