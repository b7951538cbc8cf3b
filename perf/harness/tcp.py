"""What a relay of bytes costs beside HAProxy's tcp mode: bulk with and without splice(2), round trips, redis, PostgreSQL, idle connections."""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from statistics import median

from . import single, tcp_loads
from .process import Process, free_ports, raise_limits
from .stats import bootstrap_median, paired
from .targets import PERF, all_targets

HAPROXY = """
global
  nbthread {threads}
  maxconn {most}
defaults
  mode tcp
  maxconn {most}
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen copy
  bind 127.0.0.1:{copy}
  server a 127.0.0.1:{origin}
listen splice
  bind 127.0.0.1:{splice}
  option splice-auto
  server a 127.0.0.1:{origin}
listen redis
  bind 127.0.0.1:{redis}
  server a 127.0.0.1:{redis_origin}
listen postgres
  bind 127.0.0.1:{postgres}
  server a 127.0.0.1:{postgres_origin}
"""

# A rate nobody reaches keeps one listener from splicing.
RELAY = """
plugins: [TcpRelay]
runtime: {{ watch: false }}
listeners:
  splice: {{ address: "127.0.0.1:{splice}", protocols: [], filters: [ {{ tcp_relay: {{ cluster: a }} }} ] }}
  copy: {{ address: "127.0.0.1:{copy}", protocols: [], filters: [ {{ tcp_relay: {{ cluster: a, download_rate: 10TB }} }} ] }}
  redis: {{ address: "127.0.0.1:{redis}", protocols: [], filters: [ {{ tcp_relay: {{ cluster: redis }} }} ] }}
  postgres: {{ address: "127.0.0.1:{postgres}", protocols: [], filters: [ {{ tcp_relay: {{ cluster: postgres }} }} ] }}
clusters:
  a: {{ endpoints: ["127.0.0.1:{origin}"] }}
  redis: {{ endpoints: ["127.0.0.1:{redis_origin}"] }}
  postgres: {{ endpoints: ["127.0.0.1:{postgres_origin}"] }}
"""
LISTENERS = ("copy", "splice", "redis", "postgres")
CONFIGURATIONS = {"haproxy": HAPROXY, "filterproxy": RELAY}

# What is measured: at which listener, by which load, the figures with their units, and the bars of FilterProxy beside HAProxy.
SPEED, COST = ("GB/s", 0.90, "at least"), ("s of CPU per GB", 1.00, "at most")
KINDS = {
    "bulk-copy": ("copy", tcp_loads.bulk, (SPEED, COST)),
    "bulk-splice": ("splice", tcp_loads.bulk, (SPEED, COST)),
    "trips": ("splice", tcp_loads.trips, (("round trips/s", None, ""), ("us of CPU each", None, ""))),
    "redis": ("redis", tcp_loads.redis(1), (("requests/s", 0.95, "at least"), ("us of CPU each", None, ""))),
    "redis-pipeline": ("redis", tcp_loads.redis(16), (("requests/s", 0.95, "at least"), ("us of CPU each", None, ""))),
    "pgbench": ("postgres", tcp_loads.pgbench, (("transactions/s", 0.95, "at least"), ("us of CPU each", None, ""))),
}
IDLE_BAR = 8192


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/tcp.sh", description="Relays of bytes beside HAProxy's tcp mode.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default=",".join([*KINDS, "idle"]), metavar="KIND[,KIND...]", help=f"of {', '.join([*KINDS, 'idle'])}")
    parser.add_argument("--connections", type=int, default=4, help="of bulk, at a time")
    parser.add_argument("--megabytes", type=int, default=384, help="of bulk, per connection")
    parser.add_argument("--trips", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=2, help="of redis-benchmark and pgbench, in each round")
    parser.add_argument("--idle", type=int, default=5_000, help="idle connections")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    parser.add_argument("--results", default=str(PERF / "results"), help="where the report goes")
    options = parser.parse_args(argv)
    options.kinds = options.only.split(",")
    if unknown := [kind for kind in options.kinds if kind not in KINDS and kind != "idle"]:
        parser.error(f"unknown: {', '.join(unknown)}")
    return options


def needs(options):
    """What must be installed (command=package) and built."""
    tools = ["haproxy=haproxy", "taskset=util-linux"]
    tools += ["redis-server=redis-server", "redis-benchmark=redis-tools"] if any("redis" in kind for kind in options.kinds) else []
    tools += ["pg_ctlcluster=postgresql", "pgbench=postgresql-client"] if "pgbench" in options.kinds else []
    return tools, [] if options.no_build else ["filterproxy"]


def start(name, folder, cpus, origins):
    """A proxy with a port for each listener."""
    ports = dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True))
    target = all_targets()[name]
    conf = Path(folder, f"{name}.conf" if name == "haproxy" else f"{name}.yaml")
    # HAProxy does not start with more than it has descriptors for: two a connection, and pipes.
    most = min(20_000, os.sysconf("SC_OPEN_MAX") // 3)
    conf.write_text(CONFIGURATIONS[name].format(**ports, **origins, threads=os.cpu_count(), most=most))
    process = Process(name, [part.replace("{conf}", str(conf)) for part in target.command], cpus, Path(folder, f"{name}.log"))
    for port in ports.values():
        process.wait_for_port(port)
    return process, ports


def measure(options):
    """{kind: {target: {round: figures}}}, and bytes per idle connection by target."""
    cpus = f"0-{os.cpu_count() - 1}"
    seen, idle, started = {}, {}, []
    with tempfile.TemporaryDirectory() as folder:
        origin, redis, postgres = free_ports(3)
        server = tcp_loads.start_origin(origin, options)
        try:
            started += tcp_loads.start_servers(options, folder, cpus, redis, postgres)
            origins = {"origin": origin, "redis_origin": redis, "postgres_origin": postgres}
            proxies = {name: start(name, folder, cpus, origins) for name in CONFIGURATIONS}
            started += [process for process, _ in proxies.values()]

            # The round before the first is not counted: a JIT compiles in tiers.
            for number in range(-1, options.rounds):
                for kind in [kind for kind in options.kinds if kind != "idle"]:
                    listener, load, _ = KINDS[kind]
                    for name in sorted(proxies, reverse=number % 2 == 0):
                        process, ports = proxies[name]
                        figures = load(ports[listener], process, options)
                        print(f"round {number + 1}  {kind:<15} {name:<12} {figures[0]:12.2f} {figures[1]:9.3f}", flush=True)
                        if number >= 0:
                            seen.setdefault(kind, {}).setdefault(name, {})[number] = figures
            if "idle" in options.kinds:
                idle = {name: tcp_loads.idle(ports["splice"], process, options) for name, (process, ports) in proxies.items()}
        finally:
            for process in reversed(started):
                process.stop()
            os.kill(server, signal.SIGKILL)
    return seen, idle


def judge(interval, bar, how):
    """An interval that holds the bar says nothing."""
    _, low, high = interval
    if how == "at most":
        return "met" if high <= bar else "missed" if low > bar else "unresolved"
    return "met" if low >= bar else "missed" if high < bar else "unresolved"


def render(facts, measured):
    seen, idle = measured
    lines = ["# Relays of bytes beside HAProxy's tcp mode", "",
             "| | | haproxy | filterproxy | ratio (95% interval) | bar | |", "|---|---|---:|---:|---:|---|---|"]
    for kind, targets in seen.items():
        for column, (unit, bar, how) in enumerate(KINDS[kind][2]):
            by = {name: {number: figures[column] for number, figures in rounds.items()} for name, rounds in targets.items()}
            interval = bootstrap_median(paired(by["filterproxy"], by["haproxy"]))
            middles = " | ".join(f"{median(by[name].values()):.4g}" for name in ("haproxy", "filterproxy"))
            bar_text = f"{how} {bar:.2f}" if bar else ""
            lines.append(f"| {kind} | {unit} | {middles} | {interval[0]:.2f} ({interval[1]:.2f} to {interval[2]:.2f}) | {bar_text} | "
                         f"{'**' + judge(interval, bar, how) + '**' if bar else ''} |")
    if idle:
        lines.append(f"| idle | bytes per connection | {idle['haproxy']:.0f} | {idle['filterproxy']:.0f} | | at most {IDLE_BAR} | "
                     f"**{'met' if idle['filterproxy'] <= IDLE_BAR else 'missed'}** |")
    lines += ["", "Medians of the rounds; ratios are taken within each round, their intervals are bootstrapped. Proxies, servers and clients share all cores.",
              "", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items())]
    return "\n".join(lines) + "\n"


def main(argv):
    options = arguments(argv)
    raise_limits()
    told = {"rounds": f"{options.rounds}, FilterProxy and HAProxy in turns, the first of a round changes",
            "bulk": f"{options.connections} connections of {options.megabytes} MiB",
            "redis-benchmark": "GET and SET, 50 connections; pipelines of 16", "pgbench": "select only, 8 clients",
            "haproxy": single.machine.first_line(["haproxy", "-v"])}
    return single.report("tcp", options, told, measure, render)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
