"""What clients notice of reloads with thousands of routes, or of thousands of endpoints that are replaced, and how long reading and compiling takes."""

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
from .targets import PERF, all_targets, reload_times, replace, start_origin, start_proxy


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/reload.sh", description="Latency while the configuration is reloaded.")
    parser.add_argument("--routes", type=int, default=10_000)
    parser.add_argument("--endpoints", type=int, default=0, help="replace so many endpoints of one cluster instead of reloading routes")
    parser.add_argument("--balancer", default="power_of_two_choices", help="of that cluster")
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


class Routes:
    """Routes that are reloaded."""

    def __init__(self, options, work):
        self.count, self.conf = options.routes, Path(work, "filterproxy.yaml")
        self.template = configuration(self.count, 0)
        self.what = f"reloads of {options.routes} routes"

    def change(self, number, proxy):
        replace(self.conf, configuration(self.count, number))
        os.kill(proxy.pid, signal.SIGHUP)

    def changes(self, log):
        return len(reload_times(log))


class Endpoints:
    """One endpoint that serves, and behind it, in the next priority, many that are all replaced: the balancer is built for them each time."""

    def __init__(self, options, work, origin_port):
        self.count, self.origin_port, self.list = options.endpoints, origin_port, Path(work, "endpoints.yaml")
        self.template = "\n".join([
            "runtime: { watch: false }", "listeners: { web: { address: \"127.0.0.1:${PORT}\" } }", "routes: [ { name: all, cluster: c0 } ]",
            f"clusters: {{ c0: {{ load_balancer: {options.balancer}, endpoints: {{ file: {{ path: {self.list}, interval: 100ms }} }} }} }}", ""])
        self.what = f"replacements of {options.endpoints} endpoints ({options.balancer})"
        self.change(0, None)

    def change(self, number, _):
        others = (f"- {{ address: \"127.{1 + number % 2}.{i >> 8}.{i & 255}:9\", priority: 1 }}" for i in range(self.count - 1))
        replace(self.list, "\n".join([f"- 127.0.0.1:{self.origin_port}", *others, ""]))

    def changes(self, log):
        return len(re.findall(r"Cluster 'c0' has \d+ endpoints", log.read_text(errors="replace")))


def change_until(stop, proxy, subject):
    """A change a second; each must be in force before the next."""
    number = 0
    while not stop.wait(1):
        number += 1
        seen = subject.changes(proxy.log)
        subject.change(number, proxy)
        deadline = time.monotonic() + 30
        while subject.changes(proxy.log) == seen and time.monotonic() < deadline:
            time.sleep(0.01)


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
            subject = Endpoints(options, work, origin_port) if options.endpoints else Routes(options, work)
            proxy = start_proxy(target, work, port, origin_port, options.proxy_cpus, template=subject.template)
            started.append(proxy)
            check_reply(bench, Runner(Contender(target.name), proxy, port), traffic)
            wrk(port, traffic, Setup(), target.warm_up_seconds, options.load_cpus)
            works = {"quiet": None, "changing": lambda stop: change_until(stop, proxy, subject)}
            before = subject.changes(proxy.log)
            for name, load in beside.rounds(options.rounds, works, lambda: wrk(port, traffic, Setup(), options.seconds, options.load_cpus)):
                rows.append({"while": name, "changes": subject.changes(proxy.log) - before, **load.latency_us, "rate": load.rate})
                before = subject.changes(proxy.log)
                print(rows[-1], flush=True)
            return subject.what, rows, reload_times(proxy.log)
        finally:
            for process in reversed(started):
                process.stop()


def render(what, facts, rows, compile_ms):
    lines = [f"# {sum(row['changes'] for row in rows)} {what} under load, not one request failed", ""]
    if len(compile_ms) > 1:
        lines += [f"Read and compiled in {statistics.median(compile_ms):.0f} ms (median; the longest {max(compile_ms)} ms, the first of the process among them).", ""]
    lines += beside.table(rows, {"quiet": "undisturbed", "changing": "one a second"})
    lines += ["", "| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in facts.items()]
    return "\n".join(lines) + "\n"


def main(argv):
    options = arguments(argv)
    return single.report("endpoints" if options.endpoints else "reload", options, {"connections": options.connections}, run,
                         lambda facts, measured: render(measured[0], facts, *measured[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
