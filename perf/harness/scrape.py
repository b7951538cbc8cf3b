"""What clients notice while thousands of series are read: latency at a fixed rate, with and without scrapes."""

import argparse
import http.client
import sys
import tempfile
import time

from . import beside, single
from .load import paced
from .model import Contender, Setup, Traffic
from .process import Failure, free_ports
from .rounds import Bench, Runner, check_reply
from .targets import PERF, all_targets, start_origin, start_proxy

# Each route has a histogram and two counters, each bucket is a series.
ROUTES = 600
COLUMNS = {"quiet": "undisturbed", "now and then": "a scrape a second", "always": "scrapes without a pause"}


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/scrape.sh", description="Latency while 10,000 series are scraped.")
    parser.add_argument("--rate", type=int, default=4_000, help="requests per second")
    parser.add_argument("--seconds", type=int, default=8, help="per round")
    parser.add_argument("--rounds", type=int, default=5, help="of each kind")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--proxy-cpus", default="0,1")
    parser.add_argument("--load-cpus", default="1")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    parser.add_argument("--results", default=str(PERF / "results"))
    return parser.parse_args(argv)


def needs(options):
    """What must be installed (command=package) and built."""
    return ["nginx=nginx", "taskset=util-linux"], [] if options.no_build else ["filterproxy", "PacedClient"]


def configuration(admin_port):
    """The proxy itself reads the ports from its environment."""
    routes = "\n".join(f"  - {{ name: r{i}, match: {{ path: /app{i} }}, cluster: origin }}" for i in range(ROUTES))
    return f"""admin: {{ address: "127.0.0.1:{admin_port}" }}
listeners: {{ web: {{ address: "127.0.0.1:${{PORT}}" }} }}
routes:
{routes}
  - {{ name: all, cluster: origin }}
clusters: {{ origin: {{ endpoints: ["127.0.0.1:${{ORIGIN_PORT}}"] }} }}
"""


def visit(port):
    """One request on every route: their series are there from then on."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for i in range(ROUTES):
        connection.request("GET", f"/app{i}")
        connection.getresponse().read()
    connection.close()


def scrape(connection):
    """What a scrape brings, and the seconds it took."""
    began = time.monotonic()
    connection.request("GET", "/metrics", headers={"Accept": "application/openmetrics-text"})
    response = connection.getresponse()
    text = response.read()
    if response.status != 200:
        raise Failure(f"/metrics answered {response.status}")
    return text, time.monotonic() - began


def series_of(text):
    return sum(not line.startswith(b"#") for line in text.splitlines())


def scraper(port, pause, seconds):
    """Scrapes again and again, and notes how long each took."""
    def work(stop):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while not stop.wait(pause):
            seconds.append(scrape(connection)[1])
        connection.close()
    return work


def run(options):
    target = all_targets()["filterproxy"]
    traffic = Traffic(connections=options.connections)
    rows, started, scrapes = [], [], {"now and then": [], "always": []}
    (PERF / ".work").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PERF / ".work", prefix="scrape-") as work:
        try:
            origin_port, port, admin_port = free_ports(3)
            bench = Bench(start_origin(work, origin_port, options.load_cpus), origin_port, options.proxy_cpus, options.load_cpus)
            started.append(bench.origin)
            proxy = start_proxy(target, work, port, origin_port, options.proxy_cpus, template=configuration(admin_port))
            started.append(proxy)
            check_reply(bench, Runner(Contender(target.name), proxy, port), traffic)
            visit(port)
            paced(port, traffic, options.rate, target.warm_up_seconds, options.load_cpus)
            connection = http.client.HTTPConnection("127.0.0.1", admin_port, timeout=10)
            text = [scrape(connection)[0] for _ in range(20)][-1]
            connection.close()
            works = {"quiet": None, "now and then": scraper(admin_port, 1, scrapes["now and then"]), "always": scraper(admin_port, 0, scrapes["always"])}
            for name, load in beside.rounds(options.rounds, works, lambda: paced(port, traffic, options.rate, options.seconds, options.load_cpus)):
                rows.append({"while": name, **load.latency_us, "rate": load.rate})
                print(rows[-1], flush=True)
            return rows, series_of(text), len(text), scrapes
        finally:
            for process in reversed(started):
                process.stop()


def render(facts, rows, series, length, scrapes):
    lines = [f"# Latency while {series} series are scraped, not one request failed", "", *beside.table(rows, COLUMNS), ""]
    for name, times in scrapes.items():
        middle = sorted(times)[len(times) // 2] * 1000
        lines.append(f"- {COLUMNS[name]}: {len(times)} scrapes of {length / 2**20:.1f} MiB, {middle:.0f} ms each (median)")
    lines += ["", "| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in facts.items()]
    return "\n".join(lines) + "\n"


def main(argv):
    options = arguments(argv)
    return single.report("scrape", options, {"load": f"{options.rate} requests per second on {options.connections} connections"}, run,
                         lambda facts, measured: render(facts, *measured))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
