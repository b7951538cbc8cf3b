"""What a relay of bytes costs beside HAProxy's tcp mode: bulk with and without splice(2), round trips of 100 bytes, idle connections."""

import argparse
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from .process import free_ports
from .targets import FILTERPROXY

BULK, ECHO, KEEP = b"B", b"E", b"K"
PIECE = 1 << 20
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
"""

# A rate nobody reaches keeps the second listener from splicing.
RELAY = """
plugins: [TcpRelay]
runtime: {{ watch: false }}
listeners:
  splice: {{ address: "127.0.0.1:{splice}", protocols: [], filters: [ {{ tcp_relay: {{ cluster: a }} }} ] }}
  copy: {{ address: "127.0.0.1:{copy}", protocols: [], filters: [ {{ tcp_relay: {{ cluster: a, download_rate: 10TB }} }} ] }}
clusters: {{ a: {{ endpoints: ["127.0.0.1:{origin}"] }} }}
"""


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/tcp.sh", description="Relays of bytes beside HAProxy's tcp mode.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=4, help="of bulk, at a time")
    parser.add_argument("--megabytes", type=int, default=512, help="of bulk, per connection")
    parser.add_argument("--trips", type=int, default=20_000)
    parser.add_argument("--idle", type=int, default=5_000, help="idle connections")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    return parser.parse_args(argv)


def needs(options):
    """What must be installed (command=package) and built."""
    return ["haproxy=haproxy"], [] if options.no_build else ["filterproxy"]


def serve(port, size):
    """The origin: a process that does what a connection's first byte asks for."""
    threading.stack_size(256 * 1024)
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    bytes_ = b"x" * PIECE
    kept = []

    def answer(connection):
        try:
            match connection.recv(1):
                case b"B":
                    left = size
                    while left > 0:
                        left -= connection.send(bytes_[: min(left, PIECE)])
                case b"E":
                    while data := connection.recv(65536):
                        connection.sendall(data)
                case _:
                    kept.append(connection)
                    return
            connection.close()
        except OSError:
            pass

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def cpu(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    return next(int(line.split()[1]) * 1024 for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Rss:"))


def fetch(port, size):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(BULK)
    buffer, got = bytearray(PIECE), 0
    while read := connection.recv_into(buffer):
        got += read
    return got == size


def bulk(port, pid, options):
    """Gigabytes per second, and CPU seconds of the proxy per gigabyte."""
    size = options.megabytes * PIECE
    began, used = time.monotonic(), cpu(pid)
    children = []
    for _ in range(options.connections):
        child = os.fork()
        if child == 0:
            os._exit(0 if fetch(port, size) else 1)
        children.append(child)
    for child in children:
        if os.waitpid(child, 0)[1] != 0:
            raise RuntimeError("bytes were lost")
    gigabytes = options.connections * size / 1e9
    return gigabytes / (time.monotonic() - began), (cpu(pid) - used) / gigabytes


def trips(port, pid, options):
    """Round trips per second, and CPU microseconds of the proxy for each."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(ECHO)
    began, used = time.monotonic(), cpu(pid)
    for _ in range(options.trips):
        connection.sendall(b"y" * 100)
        left = 100
        while left > 0:
            left -= len(connection.recv(left))
    return options.trips / (time.monotonic() - began), (cpu(pid) - used) / options.trips * 1e6


def idle(port, pid, options):
    """Bytes of resident memory per connection that says nothing."""
    before = resident(pid)
    connections = []
    for _ in range(options.idle):
        connections.append(socket.create_connection(("127.0.0.1", port)))
        connections[-1].sendall(KEEP)
    time.sleep(3)
    grown = resident(pid) - before
    for connection in connections:
        connection.close()
    return grown / max(1, options.idle)


def wait_for(port):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nobody listens on {port}")


def measure(contenders, options):
    taken = {name: ([], []) for name, _, _ in contenders}
    for number in range(options.rounds):
        for name, port, pid in contenders if number % 2 == 0 else contenders[::-1]:
            for values, value in zip(taken[name], bulk(port, pid, options), strict=True):
                values.append(value)
    for name, (speed, cost) in taken.items():
        print(f"bulk, {name}: {statistics.median(speed):.2f} GB/s, {statistics.median(cost):.3f} s of CPU per GB", flush=True)
    for name, port, pid in contenders:
        if "splice" in name:
            speed, cost = trips(port, pid, options)
            print(f"round trips, {name}: {speed:.0f} per second, {cost:.1f} us of CPU each", flush=True)
            print(f"idle, {name}: {idle(port, pid, options):.0f} bytes per connection", flush=True)


def main(argv):
    options = arguments(argv)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    # HAProxy does not start with more than it has descriptors for: two a connection, and pipes.
    most = min(20_000, hard // 3)
    origin, copy, splice, own_copy, own_splice = free_ports(5)
    server = os.fork()
    if server == 0:
        serve(origin, options.megabytes * PIECE)
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            (haproxy := Path(folder, "haproxy.cfg")).write_text(HAPROXY.format(threads=os.cpu_count(), most=most, origin=origin, copy=copy, splice=splice))
            (relay := Path(folder, "relay.yaml")).write_text(RELAY.format(origin=origin, copy=own_copy, splice=own_splice))
            for command in (["haproxy", "-db", "-f", haproxy], [FILTERPROXY, "run", "-c", relay]):
                processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            other, own = (process.pid for process in processes)
            for port in (origin, copy, splice, own_copy, own_splice):
                wait_for(port)
            measure(
                [("haproxy, copy", copy, other), ("haproxy, splice", splice, other), ("filterproxy, copy", own_copy, own), ("filterproxy, splice", own_splice, own)],
                options,
            )
        finally:
            for process in processes:
                process.terminate()
                process.wait()
            os.kill(server, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
