"""One measured round of one target."""

import resource
import time

from .load import wrk
from .process import Failure, busy_seconds, cpu_count
from .targets import SMALL_BODY, fetch, origin_connections

DIRECT = "direct"


def check_reply(name, port, series):
    """One request before the load: the reply must be the origin's. Returns its length on the wire."""
    status, body, wire = fetch(port, series.path)
    if status != 200:
        raise Failure(f"{name} answered {status} to GET {series.path}")
    if series.path == "/" and body != SMALL_BODY.encode():
        raise Failure(f"{name} did not pass the origin's body on: {len(body)} bytes")
    return wire


def measure(number, name, proxy, port, origin, origin_port, series, seconds, proxy_cpus, load_cpus):
    """Loads one target for a time and returns its figures; `proxy` is None for the origin itself."""
    wire = check_reply(name, port, series)
    accepted = origin_connections(origin_port)
    cores, load_cores = cpu_count(proxy_cpus), cpu_count(load_cpus)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    proxy_cpu = proxy.cpu_seconds() if proxy else 0
    origin_cpu, busy, load_busy = origin.cpu_seconds(), busy_seconds(proxy_cpus), busy_seconds(load_cpus)
    started = time.monotonic()

    load = wrk(port, series, seconds, load_cpus, load_cores)

    wall = time.monotonic() - started
    proxy_cpu = proxy.cpu_seconds() - proxy_cpu if proxy else 0
    origin_cpu, busy, load_busy = origin.cpu_seconds() - origin_cpu, busy_seconds(proxy_cpus) - busy, busy_seconds(load_cpus) - load_busy
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    wrk_cpu = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    if load.requests == 0:
        raise Failure(f"{name} answered no request at all")

    problems = [f"{count} {kind} errors" for kind, count in load.errors.items() if count]
    # wrk counts only 4xx and 5xx. Any other reply that is not the expected one has another length.
    mean = load.bytes / load.requests
    if abs(mean - wire) > 0.01 * wire:
        problems.append(f"replies of {mean:.0f} bytes on average, expected {wire}")
    # One connection of these is the question itself.
    opened = origin_connections(origin_port) - accepted - 1
    if opened > max(4 * series.connections, load.requests // 100):
        problems.append(f"no keep-alive to the origin: {opened} new connections for {load.requests} requests")
    return {
        "series": series.name, "round": number, "target": name, "problems": problems,
        "requests": load.requests, "seconds": load.seconds, "rate": load.rate,
        "latency_us": load.latency_us, "errors": load.errors,
        "cpu_us": proxy_cpu / load.requests * 1e6 if proxy else None,
        "origin_cpu_us": origin_cpu / load.requests * 1e6, "wrk_cpu_us": wrk_cpu / load.requests * 1e6,
        "rss": proxy.rss_bytes() if proxy else None,
        "busy": min(1, proxy_cpu / wall / cores) if proxy else None, "load_busy": min(1, load_busy / wall / load_cores),
        # Anything on the measured cores that is not ours: other programs, other guests.
        "foreign": max(0, busy - proxy_cpu) / wall / cores,
        "load_foreign": max(0, load_busy - origin_cpu - wrk_cpu) / wall / load_cores,
        "origin_connections": opened,
    }
