"""Processes under measurement: started in a group of their own, pinned to cores, stopped by their own id."""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """Something that makes the measurement worthless; its text is for the reader."""


def raise_limits(wanted=65536):
    """Thousands of connections need as many open files; what we start inherits the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(wanted, hard), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return
        except (ValueError, PermissionError):
            pass


def free_ports(count):
    """Distinct ports of 127.0.0.1 that are free now: all are held until the last one is chosen."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def pinned(cpus, command):
    return ["taskset", "-c", cpus, *command]


def cpu_count(cpus):
    """How many cores a taskset list names: 0 -> 1, 0,2 -> 2, 0-3 -> 4."""
    total = 0
    for part in cpus.split(","):
        first, _, last = part.partition("-")
        total += int(last or first) - int(first) + 1
    return total


def cpu_ids(cpus):
    ids = []
    for part in cpus.split(","):
        first, _, last = part.partition("-")
        ids.extend(range(int(first), int(last or first) + 1))
    return ids


class Process:
    """One started program with everything it forks (its process group)."""

    def __init__(self, name, command, cpus, log, env=None):
        if shutil.which(command[0]) is None:
            raise Failure(f"{name}: {command[0]} was not found")
        self.name = name
        self.log = Path(log)
        with open(self.log, "wb") as output:
            self._child = subprocess.Popen(
                pinned(cpus, command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})}, start_new_session=True)
        self.pid = self._child.pid  # taskset executes the program in its own place, so this is the program's id too

    def alive(self):
        return self._child.poll() is None

    def wait_for_port(self, port, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.alive():
                raise Failure(f"{self.name} ended at start with code {self._child.returncode}:\n{self.tail()}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failure(f"{self.name} did not listen on port {port} within {seconds} s:\n{self.tail()}")

    def tail(self, lines=15):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def members(self):
        """The ids of the whole process group."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                stat = _stat(int(entry))
                if stat and int(stat[2]) == self.pid:
                    found.append(int(entry))
        return found

    def cpu_seconds(self):
        """User plus system time of the group so far."""
        return sum(map(_cpu_seconds, self.members()))

    def compiler_seconds(self):
        """Time the threads have taken that compile hot methods again in the background (.NET)."""
        ticks = 0
        for pid in self.members():
            for thread in Path(f"/proc/{pid}/task").glob("*"):
                stat = _stat(f"{pid}/task/{thread.name}", ".NET Tiered Com")
                ticks += int(stat[11]) + int(stat[12]) if stat else 0
        return ticks / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self):
        """Resident memory of the group; pages its processes share count once for each."""
        page = os.sysconf("SC_PAGE_SIZE")
        return sum(int(stat[21]) * page for stat in map(_stat, self.members()) if stat)

    def peak_rss_bytes(self):
        """The most that each process of the group had resident so far, summed."""
        peaks = (re.search(r"VmHWM:\s+(\d+) kB", _status(pid)) for pid in self.members())
        return sum(int(peak.group(1)) * 1024 for peak in peaks if peak)

    def stop(self):
        if self.alive():
            self._child.terminate()
            try:
                self._child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                pass
        # What is left of the group we started, and of no other.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._child.wait()


def _stat(pid, name=None):
    """The fields of /proc/PID/stat after the command name (which may hold blanks): index 0 is field 3, the state. None where it is gone, or has another name."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    end = text.rindex(")")
    return text[end + 2:].split() if name in (None, text[text.index("(") + 1:end]) else None


def _status(pid):
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def _cpu_seconds(pid):
    """From the process's CPU clock, which counts nanoseconds where /proc counts ticks of 10 ms."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # the kernel's MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
    except OSError:
        return 0.0  # it is gone


def busy_seconds(cpus):
    """Time the named cores spent on anything at all, from /proc/stat."""
    wanted = {f"cpu{i}" for i in cpu_ids(cpus)}
    total = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in wanted:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
            total += user + nice + system + irq + softirq + steal
    return total / TICKS
