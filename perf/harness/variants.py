"""What features cost: FilterProxy with one of them on or off against its defaults, in interleaved rounds on one core or side by side on it."""

import argparse
import random
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from . import single, tokens
from .contest import rotated
from .load import wrk
from .model import Contender, Setup
from .process import Failure, free_ports
from .rounds import Bench, Runner, check_reply
from .series import SMALL_GET
from .stats import bootstrap_median, verdict
from .targets import PERF, all_targets, reconfigure, start_origin, start_proxy

BASE = "defaults"
QUIET = "metrics off"
TRACED = "tracing of 1 in 100"
LIMITED = "rate limit by address"
# What costs a percent is lost in what a busy machine does. Of ten times as much the cost is seen, and one has its share of that.
TENTH_TRACED = "tracing of 1 in 10"
TEN_LIMITS = "ten rate limits by address"

# Added to the configuration of the proxy under test; FOLDER is one that is removed afterwards.
LIMIT = "{}: {{ limits: [ {{ rate: 100000000 }} ] }}"
TRACING = 'telemetry: {{ tracing: {{ ratio: {} }}, otlp: {{ endpoint: "http://127.0.0.1:${{ORIGIN_PORT}}", metrics: false }} }}'
VARIANTS = {
    BASE: "",
    # The same once more: what its ratio differs from 1 is what a run cannot tell.
    "defaults again": "",
    "access log as text": "http: { route_filters: [ access_log: { path: FOLDER/text.log } ] }",
    "access log as json": "http: { route_filters: [ access_log: { path: FOLDER/json.log, format: json } ] }",
    "limits and timeouts off": "http: { limits: { header_timeout: off, idle_timeout: off, body_timeout: off, write_timeout: off, "
                               "request_body_rate: off, response_body_rate: off, request_body: off, upgrade_idle_timeout: off, "
                               "connection_duration: off, connections: 0, connections_in_all: 0 } }",
    LIMITED: f"http: {{ route_filters: [ {LIMIT.format('rate_limit')} ] }}",
    TEN_LIMITS: f"http: {{ route_filters: [ {', '.join(LIMIT.format(f'rate_limit/{i}') for i in range(10))} ] }}",
    "max_exchanges": "overload: { max_exchanges: 10000 }",
    QUIET: "telemetry: { metrics: { enabled: false } }",
    # The origin answers as a collector does that takes everything.
    TRACED: TRACING.format(0.01),
    TENTH_TRACED: TRACING.format(0.1),
}

# With a token in each request: nobody looks at it and the upstream gets it, or it is checked as one that is remembered and cut out. Optional, because the
# one request before the load has none; a token that is wrong is refused all the same, and a refusal under load fails the run.
IGNORED, REMEMBERED, TEN_CHECKS = "a token that is passed on", "a token that jwt_auth remembers", "a token that ten jwt_auth remember"
CHECK = ("NAME: { issuers: [ { issuer: '" + tokens.ISSUER + "', audiences: [shop], jwks_file: FOLDER/jwks.json } ], "
         "rules: [ { token: optional } ], claim_headers: { x-user: sub }, forward: FORWARD }")
TOKENS = {
    IGNORED: "",
    REMEMBERED: f"http: {{ route_filters: [ {CHECK.replace('NAME', 'jwt_auth').replace('FORWARD', 'false')} ] }}",
    TEN_CHECKS: f"http: {{ route_filters: [ {', '.join(CHECK.replace('NAME', f'jwt_auth/{i}').replace('FORWARD', 'true') for i in range(10))} ] }}",
}

# The most that one variant may take, as a ratio to another.
BARS = ((BASE, QUIET, 1.03), (TRACED, BASE, 1.01), (REMEMBERED, IGNORED, 1.03), (LIMITED, BASE, 1.02),
        (TENTH_TRACED, BASE, 1.1), (TEN_LIMITS, BASE, 1.2), (TEN_CHECKS, IGNORED, 1.3))

# In place of the origin's only endpoint: two, and what the cluster does with them.
TWO_ENDPOINTS = "endpoints: [\"127.0.0.1:${ORIGIN_PORT}\", \"127.0.0.2:${ORIGIN_PORT}\"]"
SURVIVAL = """
    health_check: { check: { http: { path: / } }, interval: 1s }
    outlier_detection: {}
    per_try_timeout: 5s
    retry: { on: [gateway_error], attempt_header: x-attempt }
    limits: { max_requests_per_endpoint: 1000, adaptive: { min: 200, max: 5000 } }
    circuit_breaker: { open_when: "error_ratio > 50% || latency(0.99) > 10s" }
    fallback: { respond: { status: 503 } }
    slow_start: { window: 10s }
    panic_threshold: 50
    affinity: { cookie: at, key: 0123456789abcdef0123456789abcdef }"""
CLUSTERS = {
    "cluster, round_robin": "\n    load_balancer: round_robin",
    "cluster, power_of_two_choices": "",
    "cluster, everything on": SURVIVAL,
    "cluster, everything on and hedging": SURVIVAL.replace("x-attempt }", "x-attempt, hedge: { after_percentile: 99 } }").rsplit("\n", 1)[0],
}


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/variants.sh", description="CPU per request of features against the defaults.")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=2, help="per variant and round")
    parser.add_argument("--starts", type=int, default=1, help="starts the proxies anew that often; with more than one, each start counts once")
    parser.add_argument("--only", default=";".join(VARIANTS), help="with a semicolon after each, of: " + "; ".join([*VARIANTS, *TOKENS, *CLUSTERS]))
    parser.add_argument("--base", default=BASE, help="what the others are compared with")
    parser.add_argument("--together", action="store_true",
                        help="load all at once instead of in turns: what the machine does to one, it does to the others in the same moment")
    parser.add_argument("--one-process", action="store_true",
                        help="one proxy that gets the variants in turns by reload: what two processes of one program differ by is left out")
    parser.add_argument("--proxy-cpus", default="0")
    parser.add_argument("--load-cpus", default="1")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    parser.add_argument("--results", default=str(PERF / "results"))
    options = parser.parse_args(argv)
    if options.one_process and options.together:
        parser.error("one process cannot have them all at once")
    options.variants = [name for name in dict.fromkeys([options.base, *options.only.split(";")]) if name in {**VARIANTS, **TOKENS, **CLUSTERS}]
    return options


def needs(options):
    """What must be installed (command=package) and built."""
    return ["nginx=nginx", "wrk=wrk", "taskset=util-linux"], [] if options.no_build else ["filterproxy"]


def template_of(name, base, folder):
    """The configuration of the proxy under test."""
    if name in CLUSTERS:
        one = "endpoints: [\"127.0.0.1:${ORIGIN_PORT}\"]"
        if one not in base:
            raise Failure("the origin's endpoint is not where it was in the configuration")
        base = base.replace(one, TWO_ENDPOINTS + CLUSTERS[name])
    return f"runtime: {{ watch: false }}\nplugins: [{'JwtAuth' if name in TOKENS else 'AccessLog, RateLimit'}]\n{ {**VARIANTS, **TOKENS}.get(name, '').replace('FOLDER', folder)}\n{base}"


def traffic_of(names):
    """What all of them get: where one is about tokens, each has the token."""
    return replace(SMALL_GET, headers=(f"authorization: Bearer {tokens.TOKEN}",)) if any(name in TOKENS for name in names) else SMALL_GET


def cpu_per_request(proxy, port, traffic, seconds, cpus):
    """Microseconds of user and system time."""
    before = proxy.cpu_seconds()
    load = wrk(port, traffic, Setup(), seconds, cpus)
    if load.failed:
        raise Failure(f"{proxy.name}: {load.errors}")
    time.sleep(0.4)  # What is written behind belongs to it.
    return (proxy.cpu_seconds() - before) * 1e6 / load.requests


def run(options):
    """One dictionary of costs by variant for each start of the proxies: two processes of one program differ by some percent for as long as
    they live, however long they are compared."""
    target = all_targets()["filterproxy"]
    base = (PERF / "proxies" / target.template).read_text()
    (PERF / ".work").mkdir(exist_ok=True)
    return [costs for number in range(options.starts) for costs in compare(options, target, base, number)]


def compare(options, target, base, number):
    rounds = []
    with tempfile.TemporaryDirectory(dir=PERF / ".work", prefix="variants-") as work:
        field = (OneProcess if options.one_process else ProcessEach)(options, target, base, work)
        try:
            field.start(number)
            traffic = traffic_of(options.variants)

            def load_all(seconds):
                order = random.sample(options.variants, len(options.variants))
                with ThreadPoolExecutor(len(order) if options.together else 1) as lanes:
                    return dict(zip(order, lanes.map(lambda name: cpu_per_request(*field.proxy_of(name), traffic, seconds, options.load_cpus), order)))

            # Side by side they have to share the core that compiles them.
            load_all(target.warm_up_seconds * (len(options.variants) if options.together else 1))
            for _ in range(options.rounds):
                rounds.append(load_all(options.seconds))
                print("  ".join(f"{name} {rounds[-1][name]:.2f}" for name in options.variants), flush=True)
        finally:
            field.stop()
    if options.starts == 1:
        return rounds
    return [{name: statistics.median(r[name] for r in rounds) for name in options.variants}]


class ProcessEach:
    """A proxy for each variant."""

    def __init__(self, options, target, base, work):
        self.options, self.target, self.base, self.work, self.started, self.proxies = options, target, base, work, [], {}

    def start(self, number):
        origin_port, *ports = free_ports(1 + len(self.options.variants))
        self.start_origin(origin_port)
        for name, port in zip(rotated(self.options.variants, number), ports):
            self.proxies[name] = (self.start_proxy(name, port), port)

    def proxy_of(self, name):
        return self.proxies[name]

    def start_origin(self, port):
        self.bench = Bench(start_origin(self.work, port, self.options.load_cpus), port, self.options.proxy_cpus, self.options.load_cpus)
        self.started.append(self.bench.origin)

    def start_proxy(self, name, port):
        folder = Path(self.work, str(port))
        folder.mkdir()
        (folder / "jwks.json").write_text(tokens.JWKS)
        proxy = start_proxy(self.target, str(folder), port, self.bench.origin_port, self.options.proxy_cpus, template=template_of(name, self.base, str(folder)))
        self.started.append(proxy)
        check_reply(self.bench, Runner(Contender(name), proxy, port), SMALL_GET)
        return proxy

    def stop(self):
        for process in reversed(self.started):
            process.stop()


class OneProcess(ProcessEach):
    """A proxy that all variants take turns in."""

    def start(self, number):
        origin_port, self.port = free_ports(2)
        self.start_origin(origin_port)
        self.proxy = self.start_proxy(self.options.variants[0], self.port)

    def proxy_of(self, name):
        folder = str(Path(self.work, str(self.port)))
        reconfigure(self.proxy, self.target, folder, self.port, self.bench.origin_port, self.options.proxy_cpus, template_of(name, self.base, folder))
        return self.proxy, self.port


def render(facts, rounds, names, base, together=False, starts=1, one_process=False):
    how = f"{'starts' if starts > 1 else 'rounds'} {'side by side on one core' if together else 'in turns in one process' if one_process else 'interleaved'}"
    lines = [f"# What features cost: CPU per request against {base}, {len(rounds)} {how}", "",
             f"| variant | microseconds, median | paired ratio to {base} | 95% interval |", "|---|---:|---:|---:|"]
    for name in names:
        ratios = [r[name] / r[base] for r in rounds]
        middle, low, high = bootstrap_median(ratios)
        lines.append(f"| {name} | {statistics.median(r[name] for r in rounds):.2f} | {middle:.3f} | {low:.3f} to {high:.3f} |")
    bars = [bar for bar in BARS if bar[0] in names and bar[1] in names]
    if bars:
        lines += ["", "| bar | paired ratio | 95% interval | |", "|---|---:|---:|---|"]
    for name, other, most in bars:
        interval = bootstrap_median([r[name] / r[other] for r in rounds])
        lines.append(f"| {name} at most {most:.2f} of {other} | {interval[0]:.3f} | {interval[1]:.3f} to {interval[2]:.3f} | {verdict(interval, most)} |")
    lines += ["", "| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in facts.items()]
    return "\n".join(lines) + "\n"


def main(argv):
    options = arguments(argv)
    return single.report("variants", options, {"load": "small GET (600 bytes of JSON), 64 keep-alive connections"}, run,
                         lambda facts, rounds: render(facts, rounds, options.variants, options.base, options.together, options.starts, options.one_process))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
