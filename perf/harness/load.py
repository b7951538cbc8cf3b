"""The load generators: wrk for a time, h2load for a number of requests."""

import json
import re
import subprocess
from dataclasses import dataclass, field

from .process import Failure, pinned
from .targets import PERF


@dataclass
class Load:
    """What a load generator saw."""

    requests: int
    seconds: float
    bytes: int
    latency_us: dict
    errors: dict = field(default_factory=dict)

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def failed(self):
        return sum(self.errors.values())


def parse_wrk(output):
    for line in output.splitlines():
        if line.startswith("REPORT "):
            seen = json.loads(line.removeprefix("REPORT "))
            return Load(seen["requests"], seen["duration_us"] / 1e6, seen["bytes"], seen["latency_us"], seen["errors"])
    raise Failure(f"wrk printed no report:\n{output}")


def wrk(port, series, seconds, cpus, threads):
    script = PERF / "load" / series.script
    command = ["wrk", f"-t{threads}", f"-c{series.connections}", f"-d{seconds}s", "--latency", "-s", str(script),
               f"http://127.0.0.1:{port}{series.path}"]
    return parse_wrk(_run(pinned(cpus, command), seconds + 30))


def parse_h2load(output):
    done = re.search(r"requests: (\d+) total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    codes = re.search(r"status codes: (\d+) 2xx", output)
    traffic = re.search(r"traffic: [^(]*\((\d+)\) total", output)
    seconds = re.search(r"finished in ([\d.]+)(ms|s|us)", output)
    if not (done and codes and traffic and seconds):
        raise Failure(f"h2load printed no report:\n{output}")
    total, _succeeded, failed, errored, timeout = map(int, done.groups())
    scale = {"s": 1, "ms": 1e-3, "us": 1e-6}[seconds.group(2)]
    # Errored and timed out requests are among the failed ones.
    return Load(total, float(seconds.group(1)) * scale, int(traffic.group(1)), {},
                {"failed": failed, "not 2xx": total - failed - int(codes.group(1))})


def h2load(port, requests, connections, cpus, limit_seconds=600):
    command = ["h2load", "--h1", f"-n{requests}", f"-c{connections}", "-t1", f"http://127.0.0.1:{port}/"]
    return parse_h2load(_run(pinned(cpus, command), limit_seconds))


def _run(command, limit_seconds):
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=limit_seconds)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{command[3]} did not end within {limit_seconds} s") from error
    if ended.returncode != 0:
        raise Failure(f"{' '.join(command[3:])} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return ended.stdout
