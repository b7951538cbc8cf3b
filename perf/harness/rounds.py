"""One measured round of one contender, or of several side by side."""

import gzip
import json
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .load import generate
from .process import Failure, Process, busy_seconds, cpu_count, cpu_ids
from .targets import fetch, origin_connections


@dataclass
class Bench:
    """The origin, and the cores of each side."""

    origin: Process
    origin_port: int
    proxy_cpus: str
    load_cpus: str

    @property
    def shared(self):
        """Whether the load generator has no core of its own."""
        return bool(set(cpu_ids(self.proxy_cpus)) & set(cpu_ids(self.load_cpus)))


@dataclass
class Runner:
    """A contender that runs; `process` is None for the origin itself."""

    contender: object
    process: Process | None
    port: int

    @property
    def name(self):
        return self.contender.name


def check_reply(bench, runner, traffic):
    """One request before the load: the reply must be the origin's. Returns its length on the wire."""
    setup = runner.contender.setup
    body = b"0123456789abcdef" * (traffic.upload // 16) if traffic.upload else None
    status, received, wire = fetch(runner.port, traffic.path, setup, body, traffic.headers)
    if traffic.status != 200:
        # The first one after a pause is within the limit.
        tries = 1
        while status != traffic.status and tries < 5:
            status, received, wire = fetch(runner.port, traffic.path, setup, body, traffic.headers)
            tries += 1
    if status != traffic.status:
        raise Failure(f"{runner.name} answered {status} to {traffic.path}")
    if status != 200:
        return wire
    if body:
        arrived = json.loads(received)["received"]
        if not len(body) < arrived < len(body) + 8192:
            raise Failure(f"through {runner.name} {arrived} bytes of a request with a body of {len(body)} arrived")
    else:
        _, expected, _ = fetch(bench.origin_port, traffic.path)
        if setup.compress:
            received = decompressed(runner, received)
        if received != expected:
            raise Failure(f"{runner.name} did not pass the origin's body on: {len(received)} bytes instead of {len(expected)}")
    return wire


def decompressed(runner, received):
    try:
        return gzip.decompress(received)
    except OSError as error:
        raise Failure(f"{runner.name} did not compress: {error}") from error


def measure(number, point, runners, bench, seconds, load=generate):
    """Loads contenders for a time, all at once, and returns the figures of each."""
    traffic = point.traffic
    wires = [check_reply(bench, runner, traffic) for runner in runners]
    accepted = origin_connections(bench.origin_port)
    cores, load_cores = cpu_count(bench.proxy_cpus), cpu_count(bench.load_cpus)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    origin_cpu, busy, load_busy = bench.origin.cpu_seconds(), busy_seconds(bench.proxy_cpus), busy_seconds(bench.load_cpus)
    started = time.monotonic()

    def loaded(runner):
        before = runner.process.cpu_seconds() if runner.process else 0
        seen = load(runner.port, traffic, runner.contender.setup, seconds, bench.load_cpus)
        if runner.contender.setup.access_log:
            time.sleep(0.3)  # what is written behind belongs to it
        return seen, runner.process.cpu_seconds() - before if runner.process else 0

    with ThreadPoolExecutor(len(runners)) as lanes:
        seen, proxy_cpu = zip(*lanes.map(loaded, runners))

    wall = time.monotonic() - started
    origin_cpu = bench.origin.cpu_seconds() - origin_cpu
    busy, load_busy = busy_seconds(bench.proxy_cpus) - busy, busy_seconds(bench.load_cpus) - load_busy
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    load_cpu = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    opened = origin_connections(bench.origin_port) - accepted - 1  # one connection of these is the question itself
    foreign, load_foreign = strangers(bench, sum(proxy_cpu), origin_cpu + load_cpu, busy, load_busy)
    if not all(one.requests for one in seen):
        raise Failure(f"{' or '.join(runner.name for runner in runners)} answered no request at all")
    problems = [find_problems(one, traffic, wire, opened, len(runners)) for one, wire in zip(seen, wires)]
    for one, wire in zip(seen, wires):
        if traffic.by_bytes:
            one.requests = one.bytes / wire
    # What they share is shared out by requests.
    asked = sum(map(_worked, seen))
    common = {
        "origin_cpu_us": origin_cpu / asked * 1e6, "load_cpu_us": load_cpu / asked * 1e6, "load_busy": min(1, load_busy / wall / load_cores),
        "foreign": foreign / wall / cores, "load_foreign": load_foreign / wall / load_cores, "origin_connections": opened,
    }
    return [{
        "point": point.label, "target": runner.name, "round": number,
        "requests": one.requests, "seconds": one.seconds, "rate": one.rate,
        "p50": one.latency_us.get("p50"), "p99": one.latency_us.get("p99"), "p999": one.latency_us.get("p99.9"),
        "max": one.latency_us.get("max"), "late": one.more.get("late_us", {}).get("p99.9"), "errors": one.failed,
        "cpu_us": cpu / _worked(one) * 1e6 if runner.process else None,
        "rss": runner.process.rss_bytes() if runner.process else None,
        "busy": min(1, cpu / wall / cores) if runner.process else None,
        **common, "problems": "; ".join(wrong),
    } for runner, one, cpu, wrong in zip(runners, seen, proxy_cpu, problems)]


def _worked(seen):
    """What a generator sent without counting it was work as well."""
    return seen.more.get("sent", seen.requests)


def find_problems(seen, traffic, wire, opened, at_once=1):
    """What makes the figures of this round worthless, in words."""
    problems = [f"{count} {kind} errors" for kind, count in seen.errors.items() if count]
    # wrk counts only 4xx and 5xx. Any other reply that is not the expected one has another length; replies that were
    # still on their way at the end are counted in bytes alone.
    if wire and not 0.99 * seen.requests * wire <= seen.bytes <= (1.01 * seen.requests + traffic.connections) * wire:
        problems.append(f"replies of {seen.bytes / seen.requests:.0f} bytes on average, expected {wire}")
    # What the last round cut off in the middle must be opened again, once each.
    if opened > at_once * max(64, 2 * traffic.connections * max(1, traffic.streams), seen.requests // 100):
        problems.append(f"no keep-alive to the origin: {opened} new connections for {seen.requests} requests")
    return problems


def strangers(bench, proxy_cpu, load_cpu, busy, load_busy):
    """Seconds on the measured cores that were not ours: other programs, other guests. On the proxy's cores, and on the load's."""
    if bench.shared:
        # Who ran on which of the shared cores is not known: the wider set holds all of ours.
        other = max(0, max(busy, load_busy) - proxy_cpu - load_cpu)
        return other, other
    return max(0, busy - proxy_cpu), max(0, load_busy - load_cpu)
