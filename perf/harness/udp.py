"""What a relay of datagrams costs: how many arrive and microseconds of CPU for each, of many clients and of few."""

import argparse
import os
import signal
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from . import single
from .process import Failure, Process, free_ports
from .targets import PERF, all_targets

RELAY = """
plugins: [UdpRelay]
runtime: {{ watch: false }}
listeners: {{}}
udp_listeners: {{ a: {{ address: "127.0.0.1:{port}", service: {{ udp_relay: {{ cluster: a, socket_buffer: 4MiB }} }} }} }}
clusters: {{ a: {{ endpoints: ["127.0.0.1:{origin}"] }} }}
"""

# Sockets, datagrams each sends before the next has its turn, bytes, and whether all are answered.
KINDS = {
    "many clients, one at a time": (64, 1, 100, False),
    "many clients, with answers": (64, 1, 100, True),
    "few clients, bursts": (2, 32, 1200, False),
    "few clients, bursts with answers": (2, 32, 1200, True),
}
ROOM = 4 << 20


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/udp.sh", description="Relays of datagrams.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each kind in each round")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    parser.add_argument("--results", default=str(PERF / "results"), help="where the report goes")
    return parser.parse_args(argv)


def needs(options):
    """What must be installed (command=package) and built."""
    return ["taskset=util-linux"], [] if options.no_build else ["filterproxy"]


def _socket():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    return one


def serve(port, report):
    """The origin: answers what begins with A, counts the rest, and tells its count when a C comes."""
    server = _socket()
    server.bind(("127.0.0.1", port))
    count, buffer = 0, bytearray(65536)
    while True:
        length, sender = server.recvfrom_into(buffer)
        if buffer[0] == 67:
            os.write(report, struct.pack("q", count))
            count = 0
            continue
        count += 1
        if buffer[0] == 65:
            server.sendto(memoryview(buffer)[:length], sender)


def send(port, kind, seconds):
    """Sends for a time; answers are read as far as they have come. How many were sent."""
    clients, burst, size, answers = KINDS[kind]
    payload = (b"A" if answers else b"S") + b"x" * (size - 1)
    sockets = [_socket() for _ in range(clients)]
    for one in sockets:
        one.connect(("127.0.0.1", port))
        one.setblocking(False)
    sent, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        for one in sockets:
            try:
                for _ in range(burst):
                    one.send(payload)
                sent += burst
                while answers and one.recv(2048):
                    pass
            except BlockingIOError:
                pass
    for one in sockets:
        one.close()
    return sent


def count(origin, report):
    """What has arrived since this was last asked, once nothing more does."""
    time.sleep(0.3)
    with _socket() as asking:
        asking.sendto(b"C", ("127.0.0.1", origin))
    return struct.unpack("q", os.read(report, 8))[0]


def measure(options):
    """{kind: [(arrived per second, CPU microseconds of the proxy for each, share that arrived)]}"""
    port, origin = free_ports(2)
    told, telling = os.pipe()
    server = os.fork()
    if server == 0:
        serve(origin, telling)
    seen, proxy = {kind: [] for kind in KINDS}, None
    with tempfile.TemporaryDirectory() as folder:
        try:
            conf = Path(folder, "relay.yaml")
            conf.write_text(RELAY.format(port=port, origin=origin))
            command = [part.replace("{conf}", str(conf)) for part in all_targets()["filterproxy"].command]
            proxy = Process("filterproxy", command, f"0-{os.cpu_count() - 1}", Path(folder, "filterproxy.log"))
            time.sleep(2)

            # The round before the first is not counted: a JIT compiles in tiers.
            for number in range(-1, options.rounds):
                for kind in KINDS:
                    used = proxy.cpu_seconds()
                    sent = send(port, kind, options.seconds)
                    arrived = count(origin, told)
                    if not proxy.alive() or arrived == 0:
                        raise Failure(f"nothing arrived:\n{proxy.tail()}")
                    figures = (arrived / options.seconds, (proxy.cpu_seconds() - used) / arrived * 1e6, arrived / sent)
                    print(f"round {number + 1}  {kind:<34} {figures[0]:9.0f} per second {figures[1]:7.2f} us {figures[2]:7.1%}", flush=True)
                    if number >= 0:
                        seen[kind].append(figures)
        finally:
            if proxy:
                proxy.stop()
            os.kill(server, signal.SIGKILL)
    return seen


def render(facts, seen):
    lines = ["# Relays of datagrams", "", "| | arrived per second | CPU us each | arrived |", "|---|---:|---:|---:|"]
    for kind, rounds in seen.items():
        rate, cost, share = (median(values) for values in zip(*rounds, strict=True))
        lines.append(f"| {kind} | {rate:.0f} | {cost:.2f} | {share:.0%} |")
    lines += ["", "Medians of the rounds. The client, the proxy and the upstream share all cores; what does not fit into a socket's buffer is lost.",
              "", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items())]
    return "\n".join(lines) + "\n"


def main(argv):
    options = arguments(argv)
    return single.report("udp", options, {"rounds": f"{options.rounds} of {options.seconds:g} s for each kind"}, measure, render)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
