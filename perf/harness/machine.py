"""Under which conditions a measurement was made, without anything that names the machine."""

import os
import platform
import subprocess
from pathlib import Path

from .targets import ROOT


def _output(command):
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (ended.stdout + ended.stderr).strip() if ended.returncode in (0, 1) else ""


def first_line(command):
    return (_output(command).splitlines() or ["unknown"])[0]


def commit():
    """The short commit, marked when what is measured is not what is committed."""
    name = first_line(["git", "rev-parse", "--short=9", "HEAD"])
    changed = _output(["git", "status", "--porcelain", "--", "src", "filters", "perf", ":!perf/results"])
    return f"{name}-dirty" if changed else name


def build(no_build):
    """Where what was measured came from: the commit alone says nothing about a binary that was not built from it now."""
    if os.environ.get("FILTERPROXY_BIN"):
        return "another FilterProxy, given by FILTERPROXY_BIN; the commit is that of the harness"
    return "as it was there, not rebuilt for this run" if no_build else "Release, built from the commit for this run"


def _read(path):
    try:
        return Path(path).read_text().strip()
    except OSError:
        return "unknown"


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def conditions(targets, settings):
    """Name and value pairs for the report."""
    rows = {
        "kernel": platform.release(),
        "processor": f"{processor()}, {os.cpu_count()} cores online",
        "load average at start": " ".join(f"{x:.2f}" for x in os.getloadavg()),
        "TCP congestion control": _read("/proc/sys/net/ipv4/tcp_congestion_control"),
        ".NET SDK": first_line(["dotnet", "--version"]),
        "wrk": first_line(["wrk", "-v"]).split(" [")[0],
        "origin": first_line(["nginx", "-v"]),
    }
    for target in targets:
        rows[target.name] = first_line(list(target.version)) if target.version else "Yarp.ReverseProxy 2.1.0 on Kestrel"
    return rows | settings
