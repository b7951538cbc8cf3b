"""What a reverse tunnel costs: requests, both ways they travel, beside the proxy without one, bytes beside HAProxy's tcp mode and over a long way, memory of many streams."""

import argparse
import dataclasses
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from . import delay, single, tcp_loads
from .load import wrk
from .model import Setup
from .process import Failure, Process, free_ports, raise_limits
from .series import SMALL_GET
from .stats import bootstrap_median, paired
from .targets import PERF, all_targets, start_origin
from .tcp import judge

HAPROXY = """
global
  nbthread {threads}
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen copy
  bind 127.0.0.1:{haproxy}
  server a 127.0.0.1:{bytes}
"""
DIRECT = """
runtime: {{ watch: false }}
listeners: {{ web: {{ address: "127.0.0.1:{direct}" }} }}
routes: [ {{ name: all, cluster: origin }} ]
clusters: {{ origin: {{ endpoints: ["127.0.0.1:{web_origin}"], pool: {{ max_idle: 8192 }} }} }}
"""
RELAY = '{name}: {{ address: "127.0.0.1:{port}", protocols: [], filters: [ {{ tcp_relay: {{ cluster: {name} }} }} ] }}'
AGENTS = ("{name}: {{ endpoints: {{ reverse_tunnel: {{ tenant: perf, cluster: {agents} }} }}, "
          "connector: {{ reverse_tunnel: {{ service: bytes, transport: {transport} }} }} }}")
SERVER = """
plugins: [ReverseTunnel, TcpRelay]
runtime: {{ watch: false }}
listeners:
  web: {{ address: "127.0.0.1:{tunnel}" }}
  web_work: {{ address: "127.0.0.1:{web_work}" }}
  tunnels:
    address: "127.0.0.1:{tunnels}"
    protocols: []
    filters: [ {{ reverse_tunnel: {{ credentials: {{ anonymous: true }}, access: {{ rules: [ {{ agents: ["*:*:perf"], protocols: [http, tcp] }} ] }} }} }} ]
  {listeners}
routes:
  - {{ name: web_work, match: {{ listeners: [web_work] }}, cluster: web_work }}
  - {{ name: all, cluster: web }}
clusters:
  web: {{ endpoints: {{ reverse_tunnel: {{ tenant: perf, cluster: near }} }}, connector: reverse_tunnel }}
  web_work: {{ endpoints: {{ reverse_tunnel: {{ tenant: perf, cluster: near }} }}, connector: {{ reverse_tunnel: {{ transport: work }} }} }}
  {clusters}
"""
AGENT = """
plugins: [ReverseTunnel]
runtime: {{ watch: false }}
listeners:
  tunnel:
    source: {{ reverse_tunnel: {{ address: "rc://{agents}-1:{agents}:perf@server:4", tcp: {{ bytes: bytes }}, work_connections: 2 }} }}
    {http2}
routes: [ {{ name: all, cluster: origin }} ]
clusters:
  server: {{ endpoints: ["127.0.0.1:{server}"] }}
  origin: {{ endpoints: ["127.0.0.1:{web_origin}"], pool: {{ max_idle: 8192 }} }}
  bytes: {{ endpoints: ["127.0.0.1:{bytes}"] }}
"""
# The byte streams of the server: their agents and how they travel.
STREAMS = {"work": ("near", "work"), "h2": ("near", "h2"), "far_work": ("far", "work"), "far_h2": ("far", "h2")}

# What is measured: the load, the one that others are compared with, the others with their bars (None where there is none), the unit.
KINDS = {
    "requests": ("requests", "direct", {"web_work": 0.6, "tunnel": None}, "requests/s"),
    "download": ("bulk", "haproxy", {"work": 0.7, "h2": 0.4}, "GB/s"),
    "upload": ("upload", "haproxy", {"work": 0.7, "h2": 0.4}, "GB/s"),
    "download, far": ("bulk", "far_copy", {"far_work": 0.7, "far_h2": 0.3}, "GB/s"),
    "upload, far": ("upload", "far_copy", {"far_work": 0.7, "far_h2": 0.3}, "GB/s"),
}
NAMES = {"direct": "the proxy alone", "web_work": "an agent, work connections", "tunnel": "an agent, HTTP/2 streams",
         "haproxy": "haproxy", "work": "work connection", "h2": "HTTP/2 stream",
         "far_copy": "TCP alone", "far_work": "work connection", "far_h2": "HTTP/2 stream"}
MEMORY_BAR = 250
WARM_UP = 4


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/tunnel.sh", description="Reverse tunnels beside the same work without one.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join([*KINDS, "memory"]).replace(", ", "-"), metavar="KIND[,KIND...]", help="some of these")
    parser.add_argument("--seconds", type=int, default=2, help="of requests, in each round")
    parser.add_argument("--connections", type=int, default=64, help="of requests, at a time")
    parser.add_argument("--megabytes", type=int, default=256, help="of a byte stream")
    parser.add_argument("--delay", type=float, default=20, help="milliseconds to the far agent and back")
    parser.add_argument("--window", default="8MiB", help="`http2.stream_window` of the far agent")
    parser.add_argument("--streams", type=int, default=10_000, help="at a time, for their memory")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    parser.add_argument("--results", default=str(PERF / "results"), help="where the report goes")
    options = parser.parse_args(argv)
    wanted = options.only.split(",")
    known = {kind.replace(", ", "-"): kind for kind in [*KINDS, "memory"]}
    if unknown := [kind for kind in wanted if kind not in known]:
        parser.error(f"unknown: {', '.join(unknown)}")
    options.kinds = [known[kind] for kind in wanted]
    return options


def needs(options):
    """What must be installed (command=package) and built."""
    return ["nginx=nginx", "wrk=wrk", "haproxy=haproxy", "taskset=util-linux"], [] if options.no_build else ["filterproxy"]


class Rig:
    """Origins, proxies, a server and its agents, each a process of its own."""

    def __init__(self, options, folder, cpus):
        self.options, self.folder, self.cpus, self.started, self.forked = options, Path(folder), cpus, [], []
        names = ["web_origin", "bytes", "haproxy", "direct", "tunnel", "web_work", "tunnels", "far", "far_copy", *STREAMS]
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))

    def start(self, name, text, arguments=None, port=None):
        """A FilterProxy, or HAProxy, with a configuration."""
        target = all_targets()["haproxy" if name == "haproxy" else "filterproxy"]
        conf = self.folder / (f"{name}.cfg" if name == "haproxy" else f"{name}.yaml")
        conf.write_text(text)
        command = [target.command[0], *arguments, str(conf)] if arguments else [part.replace("{conf}", str(conf)) for part in target.command]
        process = Process(name, command, self.cpus, self.folder / f"{name}.log")
        self.started.append(process)
        if port:
            process.wait_for_port(port)
        return process

    def start_server(self):
        listeners = "\n  ".join(RELAY.format(name=name, port=self.ports[name]) for name in STREAMS)
        clusters = "\n  ".join(AGENTS.format(name=name, agents=agents, transport=transport) for name, (agents, transport) in STREAMS.items())
        return self.start("server", SERVER.format(**self.ports, listeners=listeners, clusters=clusters), port=self.ports["tunnels"])

    def start_agent(self, agents, server, window=None):
        text = AGENT.format(**self.ports, agents=agents, server=server, http2=f"http2: {{ stream_window: {window} }}" if window else "")
        return self.start(f"agent-{agents}", text, ["agent", "-c"])

    def start_all(self):
        threads = os.cpu_count()
        self.started.append(start_origin(self.folder, self.ports["web_origin"], self.cpus))
        self.forked.append(tcp_loads.start_origin(self.ports["bytes"], self.options))
        for port, to in (("far", "tunnels"), ("far_copy", "bytes")):
            self.forked.append(delay.start(self.ports[port], self.ports[to], self.options.delay / 2000))
        self.start("haproxy", HAPROXY.format(**self.ports, threads=threads), port=self.ports["haproxy"])
        self.start("direct", DIRECT.format(**self.ports), port=self.ports["direct"])
        self.start_server()
        self.start_agent("near", self.ports["tunnels"])
        self.start_agent("far", self.ports["far"], self.options.window)
        self.wait_for_agents(["near", "far"])

    def wait_for_agents(self, agents):
        """The server says when a tunnel is there, and when its clusters have heard of it."""
        log = next(process.log for process in self.started if process.name == "server")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            text = log.read_text(errors="replace")
            if all(text.count(f"Agent {a}-1:{a}:perf has a tunnel") >= 4 and text.count(f"Agent {a}-1:{a}:perf has opened a work connection") >= 2 for a in agents):
                time.sleep(0.5)
                return
            time.sleep(0.05)
        raise Failure(f"the agents have no tunnels:\n{log.read_text(errors='replace')[-3000:]}")

    def stop(self):
        for process in reversed(self.started):
            process.stop()
        for child in self.forked:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def load(kind, port, options, cpus):
    """Requests, or gigabytes, per second."""
    if kind == "requests":
        seen = wrk(port, dataclasses.replace(SMALL_GET, connections=options.connections), Setup(), options.seconds, cpus)
        if seen.failed:
            raise Failure(f"requests failed: {seen.errors}")
        return seen.rate
    size = options.megabytes * tcp_loads.PIECE
    began = time.monotonic()
    if not (tcp_loads.fetch if kind == "bulk" else tcp_loads.send)(port, size):
        raise Failure("bytes were lost")
    return size / 1e9 / (time.monotonic() - began)


def measure_rates(rig, options, cpus):
    """{kind: {name: {round: rate}}}"""
    seen = {}
    # The rounds before the first are not counted: a JIT compiles in tiers, and has been seen to take so long.
    for number in range(-WARM_UP, options.rounds):
        for kind in [kind for kind in options.kinds if kind in KINDS]:
            what, base, others, unit = KINDS[kind]
            names = [base, *others]
            for name in names[number % len(names):] + names[: number % len(names)]:
                rate = load(what, rig.ports[name], options, cpus)
                print(f"round {number + 1:2}  {kind:<14} {NAMES[name]:<26} {rate:12.2f} {unit}", flush=True)
                if number >= 0:
                    seen.setdefault(kind, {}).setdefault(name, {})[number] = rate
    return seen


def measure_memory(options, cpus):
    """Resident megabytes of a server and an agent that have just started, with so many streams, {process: (before, with them)}."""
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(options, folder, cpus)
        try:
            rig.forked.append(tcp_loads.start_origin(rig.ports["bytes"], options))
            processes = {"server": rig.start_server(), "agent": rig.start_agent("near", rig.ports["tunnels"])}
            rig.wait_for_agents(["near"])
            before = {name: process.rss_bytes() for name, process in processes.items()}
            kept = tcp_loads.keep(rig.ports["h2"], options.streams)
            time.sleep(3)
            seen = {name: (before[name] / 1e6, process.rss_bytes() / 1e6) for name, process in processes.items()}
            for connection in kept:
                connection.close()
            return seen
        finally:
            rig.stop()


def measure(options):
    cpus = f"0-{os.cpu_count() - 1}"
    memory = measure_memory(options, cpus) if "memory" in options.kinds else {}
    (PERF / ".work").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PERF / ".work", prefix="tunnel-") as folder:
        rig = Rig(options, folder, cpus)
        try:
            rig.start_all()
            return measure_rates(rig, options, cpus), memory
        finally:
            rig.stop()


def render(facts, measured):
    seen, memory = measured
    lines = ["# Reverse tunnels", "", "| | | beside it | rate | beside it | ratio (95% interval) | bar | |", "|---|---|---|---:|---:|---:|---|---|"]
    for kind, rates in seen.items():
        _, base, others, unit = KINDS[kind]
        for name, bar in others.items():
            interval = bootstrap_median(paired(rates[name], rates[base]))
            rate, beside = (f"{median(rates[n].values()):.4g}" for n in (name, base))
            verdict = "| | |" if bar is None else f"| at least {bar:.2f} | **{judge(interval, bar, 'at least')}** |"
            lines.append(f"| {kind} ({unit}) | {NAMES[name]} | {NAMES[base]} | {rate} | {beside} | {interval[0]:.2f} ({interval[1]:.2f} to {interval[2]:.2f}) {verdict}")
    if memory:
        lines += ["", "| resident MB | just started | with the streams | bar | |", "|---|---:|---:|---|---|",
                  *(f"| {name} | {before:.0f} | {after:.0f} | at most {MEMORY_BAR} | **{'met' if after <= MEMORY_BAR else 'missed'}** |"
                    for name, (before, after) in memory.items())]
    lines += ["", "Medians of the rounds; ratios are taken within each round, their intervals are bootstrapped. Proxies, agents, origins and clients share all cores.",
              "", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items())]
    return "\n".join(lines) + "\n"


def main(argv):
    options = arguments(argv)
    raise_limits()
    told = {"rounds": f"{options.rounds}, all in turns, the first of a round changes",
            "requests": f"small GET, {options.connections} connections, an agent with 4 connections",
            "byte streams": f"one of {options.megabytes} MiB at a time",
            "far": f"{options.delay:g} ms there and back, by a relay that holds at most {delay.ROOM >> 20} MiB in each direction; `http2.stream_window` of its agent {options.window}",
            "memory": f"{options.streams} streams that have carried a byte each way, over 4 connections, `transport: h2`",
            "haproxy": single.machine.first_line(["haproxy", "-v"])}
    return single.report("tunnel", options, told, measure, render)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
