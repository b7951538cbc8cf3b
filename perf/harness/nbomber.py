"""Runs the NBomber load test (perf/nbomber/) through FilterProxy, or against a URL that is served already."""

import argparse
import signal
import subprocess
import sys
import tempfile

from .process import Failure, free_ports, pinned, raise_limits
from .targets import PERF, all_targets, start_origin, start_proxy

PROGRAM = PERF / "nbomber/bin/Release/net10.0/LoadTest"


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/nbomber.sh", description="A load test with NBomber, where its package can be restored.")
    parser.add_argument("--url", help="load this; without it an origin and a FilterProxy are started for the test")
    parser.add_argument("--users", type=int, default=64, help="who ask again as soon as they are answered (64)")
    parser.add_argument("--rate", type=int, default=2000, help="requests per second of those who do not wait (2000)")
    parser.add_argument("--seconds", type=int, default=30, help="of each load (30)")
    parser.add_argument("--reports", default=str(PERF / ".work/nbomber"), help="where NBomber's own reports go")
    parser.add_argument("--proxy-cpus", default="0")
    parser.add_argument("--load-cpus", default="1")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    return parser.parse_args(argv)


def needs(options):
    """What must be installed (command=package) and built."""
    tools = ["taskset=util-linux", *([] if options.url else ["nginx=nginx"])]
    return tools, [] if options.no_build else [*([] if options.url else ["filterproxy"]), "nbomber"]


def load(url, options):
    command = [str(PROGRAM), url, str(options.users), str(options.rate), str(options.seconds), options.reports]
    return subprocess.run(pinned(options.load_cpus, command), timeout=2 * options.seconds + 120).returncode


def run(options):
    if not PROGRAM.exists():
        raise Failure(f"{PROGRAM.name} is not built")
    if options.url:
        return load(options.url, options)
    started = []
    (PERF / ".work").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PERF / ".work", prefix="nbomber-") as work:
        try:
            origin_port, port = free_ports(2)
            started.append(start_origin(work, origin_port, options.load_cpus))
            started.append(start_proxy(all_targets()["filterproxy"], work, port, origin_port, options.proxy_cpus))
            return load(f"http://127.0.0.1:{port}/", options)
        finally:
            for process in reversed(started):
                process.stop()


def main(argv):
    options = arguments(argv)
    raise_limits()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return run(options)
    except (Failure, subprocess.TimeoutExpired) as failure:
        print(f"nbomber: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
