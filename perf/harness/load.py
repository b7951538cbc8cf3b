"""The load generators: wrk for a time, h2load for HTTP/2 or for a number of requests, and a client that keeps to a schedule."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field

from .configs import PERF
from .process import Failure, cpu_count, pinned

PACED = PERF.parent / "artifacts/bin/PacedClient/release/PacedClient"
# What every load is told about latency, in microseconds.
PERCENTILES = ("p50", "p99", "p99.9", "max")


@dataclass
class Load:
    """What a load generator saw."""

    requests: float
    seconds: float
    bytes: int
    latency_us: dict
    errors: dict = field(default_factory=dict)
    # What only one generator tells.
    more: dict = field(default_factory=dict)

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def failed(self):
        return sum(self.errors.values())


def parse_report(output):
    """The line of JSON that wrk's script and the paced client print."""
    for line in output.splitlines():
        if line.startswith("REPORT "):
            seen = json.loads(line.removeprefix("REPORT "))
            return Load(seen.pop("requests"), seen.pop("duration_us") / 1e6, seen.pop("bytes"), seen.pop("latency_us"), seen.pop("errors"), seen)
    raise Failure(f"the load generator printed no report:\n{output}")


def url(port, traffic, setup):
    return f"{'https' if setup.tls else 'http'}://127.0.0.1:{port}{traffic.path}"


def generate(port, traffic, setup, seconds, cpus):
    """Full load for a time, by the generator that can."""
    return h2load_seconds(port, traffic, setup, seconds, cpus) if traffic.streams else wrk(port, traffic, setup, seconds, cpus)


def wrk(port, traffic, setup, seconds, cpus):
    threads = min(cpu_count(cpus), traffic.connections)
    command = ["wrk", f"-t{threads}", f"-c{traffic.connections}", f"-d{seconds}s", "--timeout", "10s", "--latency",
               "-s", str(PERF / ("load/wrk-shop.lua" if traffic.shop else "load/wrk-report.lua")),
               *(part for header in traffic.headers for part in ("-H", header)), url(port, traffic, setup)]
    return expect(parse_report(_run(pinned(cpus, command + ([str(traffic.upload)] if traffic.upload else [])), seconds + 30)), traffic)


def expect(load, traffic):
    """Where a refusal is the answer, what was let through is the error, but for the few that may be."""
    if traffic.status >= 400:
        passed = load.requests - load.errors.pop("status", 0)
        load.errors["not refused"] = passed if passed > load.requests / 100 else 0
    return load


def precedence():
    """The command that runs the paced client before everything else on its core, or nothing where that is not allowed.

    The origin is on the same core: a client without precedence sends when the origin's turn is over, milliseconds late.
    """
    allowed = shutil.which("chrt") and subprocess.run(["chrt", "-f", "1", "true"], capture_output=True).returncode == 0
    return ["chrt", "-f", "1"] if allowed else []


def paced(port, traffic, rate, seconds, cpus):
    """A fixed number of requests per second, whether the replies come in time or not."""
    command = [*precedence(), str(PACED), "127.0.0.1", str(port), traffic.path, str(traffic.connections), f"{rate:.0f}", str(seconds)]
    return parse_report(_run(pinned(cpus, command), seconds + 30))


def parse_h2load(output):
    done = re.search(r"requests: (\d+) total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    codes = re.search(r"status codes: (\d+) 2xx", output)
    traffic = re.search(r"traffic: [^(]*\((\d+)\) total", output)
    seconds = re.search(r"finished in ([\d.]+)(ms|s|us)", output)
    if not (done and codes and traffic and seconds):
        raise Failure(f"h2load printed no report:\n{output}")
    total, ended, _succeeded, failed, errored, timeout = map(int, done.groups())
    # Errored and timed out requests are among the failed ones.
    return Load(total, float(seconds.group(1)) * _SCALE[seconds.group(2)] / 1e6, int(traffic.group(1)), {},
                {"failed": failed, "not 2xx": max(0, ended - failed - int(codes.group(1)))})


_SCALE = {"s": 1e6, "ms": 1e3, "us": 1}


def h2load(port, requests, connections, cpus, limit_seconds=600):
    command = ["h2load", "--h1", f"-n{requests}", f"-c{connections}", "-t1", f"http://127.0.0.1:{port}/"]
    return parse_h2load(_run(pinned(cpus, command), limit_seconds))


def h2load_seconds(port, traffic, setup, seconds, cpus):
    command = ["h2load", f"-D{seconds}", f"-c{traffic.connections}", f"-m{traffic.streams}", f"-t{min(cpu_count(cpus), traffic.connections)}",
               url(port, traffic, setup)]
    output = _run(pinned(cpus, command), seconds + 30)
    load = parse_h2load(output)
    load.seconds = seconds
    # Its percentiles are not printed: the mean and the longest are.
    times = re.search(r"time for request: +\S+ +([\d.]+)(us|ms|s) +([\d.]+)(us|ms|s)", output)
    if times:
        load.latency_us = {"mean": float(times.group(3)) * _SCALE[times.group(4)], "max": float(times.group(1)) * _SCALE[times.group(2)]}
    return load


def _run(command, limit_seconds):
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=limit_seconds)
    except FileNotFoundError as error:
        raise Failure(f"{error.filename} is not there") from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{command[3]} did not end within {limit_seconds} s") from error
    if ended.returncode != 0:
        raise Failure(f"{' '.join(command[3:])} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return ended.stdout
