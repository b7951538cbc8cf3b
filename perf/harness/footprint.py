"""Resident memory of one fresh process: at start, under load, and with thousands of idle keep-alive connections."""

import select
import socket
import time

from .dotnet_diagnostics import heap_mib
from .load import generate
from .process import Failure
from .rounds import check_reply
from .targets import all_targets

IDLE = 10_000
SETTLE_SECONDS = 4
KIB, MIB, MB = 1024, 1024 * 1024, 1_000_000


def measure(number, point, runner, bench, options):
    proxy = runner.process
    check_reply(bench, runner, point.traffic)
    at_start = proxy.rss_bytes()
    load = generate(runner.port, point.traffic, runner.contender.setup, options.seconds, bench.load_cpus)
    peak = proxy.peak_rss_bytes()
    problems = [f"{count} {kind} errors" for kind, count in load.errors.items() if count]
    time.sleep(1)
    loaded = proxy.rss_bytes()
    connections = []
    try:
        connections += open_idle(runner.port, IDLE)
        time.sleep(SETTLE_SECONDS)
        idle = proxy.rss_bytes()
        closed = count_closed(connections)
        if closed:
            problems.append(f"{closed} of {IDLE} idle connections were closed")
        heap = heap_mib(proxy.pid) if all_targets()[runner.contender.target].managed else None
    finally:
        for connection in connections:
            connection.close()
    sample = {
        "point": point.label, "target": runner.name, "round": number,
        "start_mb": at_start / MB, "loaded_mb": peak / MB, "after_mb": loaded / MB, "idle_mb": idle / MB,
        "idle_kib": (idle - loaded) / IDLE / KIB, "idle_from_start_kib": (idle - at_start) / IDLE / KIB,
        "heap_mb": None if heap is None else heap * MIB / MB,
        "rate": load.rate, "errors": load.failed, "problems": "; ".join(problems),
    }
    print(f"round {number + 1:>2}  {runner.name:<22} start {sample['start_mb']:6.1f} MB  peak under load {sample['loaded_mb']:6.1f} MB  "
          f"{IDLE} idle {sample['idle_mb']:6.1f} MB  {sample['idle_kib']:5.2f} KiB each  {sample['problems']}", flush=True)
    return sample


def open_idle(port, count):
    """Keep-alive connections that have each had one reply."""
    request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    opened = []
    try:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            opened.append(connection)
            connection.sendall(request)
            reply = connection.recv(65536)
            if not reply.startswith(b"HTTP/1.1 200 "):
                raise Failure(f"idle connection {len(opened)} was answered {reply[:40]!r}")
        return opened
    except OSError as error:
        raise Failure(f"idle connection {len(opened)}: {error}") from error
    except Failure:
        for connection in opened:
            connection.close()
        raise


def count_closed(connections):
    """How many can be read from although nothing was asked: the other side closed them."""
    poll = select.poll()
    for connection in connections:
        poll.register(connection, select.POLLIN | select.POLLHUP)
    return len(poll.poll(0))
