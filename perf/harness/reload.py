"""What clients notice of reloads with thousands of routes, and how long reading and compiling them takes."""

import argparse
import dataclasses
import os
import re
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from . import beside, single
from .load import wrk
from .model import Contender, Setup
from .process import free_ports
from .rounds import Bench, Runner, check_reply
from .series import SMALL_GET
from .targets import PERF, all_targets, start_origin, start_proxy


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/reload.sh", description="Latency while the configuration is reloaded.")
    parser.add_argument("--routes", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=10, help="per round")
    parser.add_argument("--rounds", type=int, default=3, help="with and without reloads each")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--proxy-cpus", default="0,1", help="compiling needs a core beside the one that serves")
    parser.add_argument("--load-cpus", default="1")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    parser.add_argument("--results", default=str(PERF / "results"))
    return parser.parse_args(argv)


def needs(options):
    """What must be installed (command=package) and built."""
    return ["nginx=nginx", "wrk=wrk", "taskset=util-linux"], [] if options.no_build else ["filterproxy"]


def configuration(routes, number):
    """Routes with hosts, paths and clusters of their own, and one that is another each time. The proxy itself reads the ports from its environment."""
    lines = ["runtime: { watch: false }", "listeners: { web: { address: \"127.0.0.1:${PORT}\" } }", "routes:"]
    lines += [f"  - {{ name: r{i}, match: {{ host: h{i % 100}.example.com, path: /app{i}/* }}, cluster: c{i % 50} }}" for i in range(routes)]
    lines += [f"  - {{ name: changing, match: {{ path: /changing{number}/* }}, cluster: c0 }}", "  - { name: all, cluster: c0 }", "clusters:"]
    lines += [f"  c{i}: {{ endpoints: [\"127.0.0.1:${{ORIGIN_PORT}}\"] }}" for i in range(50)]
    return "\n".join(lines) + "\n"


def reload_until(stop, proxy, conf, routes, log):
    """A reload a second; each must be in force before the next."""
    number = 0
    while not stop.wait(1):
        number += 1
        Path(f"{conf}.new").write_text(configuration(routes, number))
        os.replace(f"{conf}.new", conf)
        seen = len(times(log))
        os.kill(proxy.pid, signal.SIGHUP)
        deadline = time.monotonic() + 30
        while len(times(log)) == seen and time.monotonic() < deadline:
            time.sleep(0.01)


def times(log):
    """Milliseconds of each reload so far, as the proxy says them."""
    return [int(ms) for ms in re.findall(r"read and compiled in (\d+) ms", log.read_text(errors="replace"))]


def run(options):
    target = all_targets()["filterproxy"]
    traffic = dataclasses.replace(SMALL_GET, connections=options.connections)
    rows, started = [], []
    (PERF / ".work").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PERF / ".work", prefix="reload-") as work:
        try:
            origin_port, port = free_ports(2)
            bench = Bench(start_origin(work, origin_port, options.load_cpus), origin_port, options.proxy_cpus, options.load_cpus)
            started.append(bench.origin)
            proxy = start_proxy(target, work, port, origin_port, options.proxy_cpus, template=configuration(options.routes, 0))
            started.append(proxy)
            check_reply(bench, Runner(Contender(target.name), proxy, port), traffic)
            conf = Path(work, "filterproxy.yaml")
            wrk(port, traffic, Setup(), target.warm_up_seconds, options.load_cpus)
            works = {"quiet": None, "reloading": lambda stop: reload_until(stop, proxy, conf, options.routes, proxy.log)}
            before = len(times(proxy.log))
            for name, load in beside.rounds(options.rounds, works, lambda: wrk(port, traffic, Setup(), options.seconds, options.load_cpus)):
                rows.append({"while": name, "reloads": len(times(proxy.log)) - before, **load.latency_us, "rate": load.rate})
                before = len(times(proxy.log))
                print(rows[-1], flush=True)
            return rows, times(proxy.log)
        finally:
            for process in reversed(started):
                process.stop()


def render(options, facts, rows, compile_ms):
    reloads = sum(row["reloads"] for row in rows)
    lines = [f"# {reloads} reloads of {options.routes} routes under load, not one request failed", "",
             f"Read and compiled in {statistics.median(compile_ms):.0f} ms (median; the longest {max(compile_ms)} ms, the first of the process among them).", "",
             *beside.table(rows, {"quiet": "without reloads", "reloading": "one reload a second"})]
    lines += ["", "| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in facts.items()]
    return "\n".join(lines) + "\n"


def main(argv):
    options = arguments(argv)
    return single.report("reload", options, {"connections": options.connections}, run, lambda facts, measured: render(options, facts, *measured))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
