"""What is sent through relays, and the servers behind them: bytes, redis-benchmark, pgbench, connections that say nothing."""

import csv
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

from .process import Failure, Process

BULK, ECHO, KEEP, SINK, ANSWER = b"B", b"E", b"K", b"S", b"A"
PIECE = 1 << 20
REDIS_CONNECTIONS, PG_CLIENTS = 50, 8
FIRST_ONES = 200
# So many connections are opened before the answers are waited for: a relay that is to open thousands in one moment sheds some, as it should.
TOGETHER = 250

# Requests per second at a guess: how many make up a round of so many seconds.
REDIS_GUESS = {1: 20_000, 16: 150_000}


def start_origin(port, options):
    """A process that does what a connection's first byte asks for; its id."""
    server = os.fork()
    if server == 0:
        _serve(port, options.megabytes * PIECE)
    return server


def _serve(port, size):
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
                case b"S":
                    buffer = bytearray(PIECE)
                    while connection.recv_into(buffer):
                        pass
                    connection.sendall(b".")
                case b"A":
                    connection.sendall(b".")
                    kept.append(connection)
                    return
                case _:
                    kept.append(connection)
                    return
            connection.close()
        except OSError:
            pass

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def start_servers(options, folder, cpus, redis_port, postgres_port):
    """Redis and PostgreSQL, where they are asked for."""
    started = []
    if any("redis" in kind for kind in options.kinds):
        started.append(_start("redis", ["redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--save", ""], cpus, folder, redis_port))
    if "pgbench" in options.kinds:
        started.append(_start_postgres(folder, cpus, postgres_port))
        _run(["pgbench", "-i", "-q", "-s", "5", *_postgres(postgres_port)])
    return started


def _start_postgres(folder, cpus, port):
    """It does not run as root: then it has its own user."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    data = Path(folder, "data")
    data.mkdir()
    if become:
        os.chmod(folder, 0o755)
        shutil.chown(data, "postgres")
    _run([*become, f"{programs}/initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"])
    return _start("postgres", [*become, f"{programs}/postgres", "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1",
                               "-c", "unix_socket_directories=", "-c", "fsync=off"], cpus, folder, port)


def _start(name, command, cpus, folder, port):
    process = Process(name, command, cpus, Path(folder, f"{name}.log"))
    process.wait_for_port(port)
    return process


def _run(command):
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if ended.returncode != 0:
        raise Failure(f"{command[0]}: {ended.stderr.strip()}")
    return ended.stdout


def fetch(port, size):
    """Whether so many bytes come, as one stream."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(BULK)
    buffer, got = bytearray(PIECE), 0
    while read := connection.recv_into(buffer):
        got += read
    return got == size


def send(port, size):
    """Sends so many bytes as one stream; whether the origin has read to their end."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(SINK)
    piece = b"x" * PIECE
    for _ in range(size // PIECE):
        connection.sendall(piece)
    connection.shutdown(socket.SHUT_WR)
    return connection.recv(2) == b"."


def keep(port, count):
    """So many connections that have carried a byte each way and are left open."""
    connections = []
    while len(connections) < count:
        begun = [socket.create_connection(("127.0.0.1", port)) for _ in range(min(TOGETHER, count - len(connections)))]
        for connection in begun:
            connection.settimeout(60)
            connection.sendall(ANSWER)
        for number, connection in enumerate(begun, len(connections)):
            try:
                answer = connection.recv(1)
            except OSError as error:
                raise Failure(f"stream {number}: {error}") from error
            if answer != b".":
                raise Failure(f"stream {number} has ended")
        connections += begun
    return connections


def bulk(port, proxy, options):
    """Gigabytes per second, and CPU seconds of the proxy per gigabyte."""
    size = options.megabytes * PIECE
    began, used = time.monotonic(), proxy.cpu_seconds()
    children = []
    for _ in range(options.connections):
        child = os.fork()
        if child == 0:
            os._exit(0 if fetch(port, size) else 1)
        children.append(child)
    for child in children:
        if os.waitpid(child, 0)[1] != 0:
            raise Failure("bytes were lost")
    gigabytes = options.connections * size / 1e9
    return gigabytes / (time.monotonic() - began), (proxy.cpu_seconds() - used) / gigabytes


def trips(port, proxy, options):
    """Round trips of 100 bytes per second, and CPU microseconds of the proxy for each."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(ECHO)
    began, used = time.monotonic(), proxy.cpu_seconds()
    for _ in range(options.trips):
        connection.sendall(b"y" * 100)
        left = 100
        while left > 0:
            left -= len(connection.recv(left))
    return options.trips / (time.monotonic() - began), (proxy.cpu_seconds() - used) / options.trips * 1e6


def redis(pipeline):
    """Requests per second of redis-benchmark (the mean of GET and SET), and CPU microseconds of the proxy for each."""

    def load(port, proxy, options):
        count = REDIS_GUESS[pipeline] * options.seconds // 2
        used = proxy.cpu_seconds()
        text = _run(["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "-t", "set,get", "-n", str(count), "-c", str(REDIS_CONNECTIONS),
                     "-P", str(pipeline), "--csv"])
        rates = {row[0]: float(row[1]) for row in csv.reader(text.splitlines()) if row and row[0] in ("SET", "GET")}
        if len(rates) != 2:
            raise Failure(f"redis-benchmark said {text!r}")
        return sum(rates.values()) / 2, (proxy.cpu_seconds() - used) / (2 * count) * 1e6

    return load


def _postgres(port):
    return ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "postgres"]


def pgbench(port, proxy, options):
    """Transactions per second of pgbench, and CPU microseconds of the proxy for each."""
    used = proxy.cpu_seconds()
    text = _run(["pgbench", "-S", "-n", "-c", str(PG_CLIENTS), "-j", "2", "-T", str(options.seconds), *_postgres(port)])
    count, rate = re.search(r"actually processed: (\d+)", text), re.search(r"tps = ([\d.]+)", text)
    if not count or not rate or "number of failed transactions: 0 " not in text:
        raise Failure(f"pgbench said {text!r}")
    return float(rate[1]), (proxy.cpu_seconds() - used) / int(count[1]) * 1e6


def idle(port, proxy, options):
    """Bytes of resident memory per connection that says nothing; what the first ones take once, such as compiled code, is not among it."""
    _close(_open(port, FIRST_ONES))
    before = proxy.rss_bytes()
    connections = _open(port, options.idle)
    grown = proxy.rss_bytes() - before
    _close(connections)
    return grown / max(1, options.idle)


def _open(port, count):
    connections = []
    for _ in range(count):
        connections.append(socket.create_connection(("127.0.0.1", port)))
        connections[-1].sendall(KEEP)
    time.sleep(3)
    return connections


def _close(connections):
    for connection in connections:
        connection.close()
    time.sleep(1)
