"""The origin and the proxies: how each is configured, built, started and checked."""

import http.client
import json
import os
import re
import shutil
import string
from dataclasses import dataclass
from pathlib import Path

from .process import Failure, Process, cpu_count

PERF = Path(__file__).resolve().parent.parent
ROOT = PERF.parent
FILTERPROXY = ROOT / "artifacts/bin/FilterProxy/release/filterproxy"
YARP = PERF / "yarp/bin/Release/net10.0/YarpBaseline"

# 600 bytes of JSON without a quote or a dollar sign that a configuration language would read.
SMALL_BODY = '{"id":"0001","items":["' + (string.ascii_lowercase * 24)[:600 - 26] + '"]}'

# The headers every proxy must send upstream, so that all do the same work.
DUTIES = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "via")


@dataclass(frozen=True)
class Target:
    """One kind of proxy: the command that runs it, given its rendered configuration file."""

    name: str
    template: str | None
    command: tuple
    version: tuple
    managed: bool = False

    @property
    def warm_up_seconds(self):
        # A JIT compiles in tiers: the .NET proxies get more load before anything counts.
        return 12 if self.managed else 3

    def executable(self):
        return shutil.which(self.command[0])


def _filterproxy():
    return os.environ.get("FILTERPROXY_BIN", str(FILTERPROXY))


def all_targets():
    return {t.name: t for t in (
        Target("filterproxy", "filterproxy.yaml.in", (_filterproxy(), "run", "-c", "{conf}"), (_filterproxy(), "version"), True),
        Target("nginx", "nginx.conf.in", ("nginx", "-c", "{conf}"), ("nginx", "-v")),
        Target("haproxy", "haproxy.cfg.in", ("haproxy", "-db", "-f", "{conf}"), ("haproxy", "-v")),
        Target("yarp", None, (str(YARP),), (), True),
    )}


def render(template, values):
    """Replaces ${NAME} and nothing else: nginx has variables of its own."""
    def value(match):
        if match.group(1) not in values:
            raise Failure(f"${{{match.group(1)}}} has no value")
        return str(values[match.group(1)])
    return re.sub(r"\$\{([A-Z_]+)\}", value, template)


def _values(work, port, cpus):
    cores = cpu_count(cpus)
    return {
        "WORK": work, "PORT": port, "CORES": cores, "SMALL_BODY": SMALL_BODY,
        "NGINX_USER": "user root;" if os.geteuid() == 0 else "",
        # Several workers on one socket share connections unevenly; one socket each spreads them.
        "LISTEN_OPTIONS": "reuseport" if cores > 1 else "",
    }


def start_origin(work, port, cpus):
    conf = Path(work, "origin.conf")
    conf.write_text(render((PERF / "proxies/origin.conf.in").read_text(), _values(work, port, cpus)))
    origin = Process("origin", ["nginx", "-c", str(conf)], cpus, Path(work, "origin.log"))
    try:
        origin.wait_for_port(port)
    except BaseException:
        origin.stop()
        raise
    return origin


def start_proxy(target, work, port, origin_port, cpus, template=None):
    values = {**_values(work, port, cpus), "ORIGIN_PORT": origin_port}
    conf = ""
    template = template or target.template
    if template:
        conf = Path(work, template.removesuffix(".in"))
        text = (PERF / "proxies" / template).read_text()
        # FilterProxy reads its variables from the environment by itself.
        conf.write_text(text if target.name == "filterproxy" else render(text, values))
    env = {"PORT": str(port), "ORIGIN_PORT": str(origin_port)}
    command = [part.replace("{conf}", str(conf)) for part in target.command]
    proxy = Process(target.name, command, cpus, Path(work, f"{target.name}.log"), env)
    try:
        proxy.wait_for_port(port)
    except BaseException:
        proxy.stop()
        raise
    return proxy


def fetch(port, path):
    """One GET on a connection of its own: status, body, and the length of the whole reply on the wire."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        head = len(f"HTTP/1.1 {response.status} {response.reason}\r\n\r\n")
        head += sum(len(name) + len(value) + 4 for name, value in response.getheaders())
        return response.status, body, head + len(body)
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"GET {path} on port {port}: {error!r}") from error
    finally:
        connection.close()


def missing_duties(port):
    """Which of the agreed headers this proxy does not send upstream, as the origin saw it."""
    status, body, _ = fetch(port, "/.perf/echo")
    if status != 200:
        raise Failure(f"the echo of the origin answered {status}")
    seen = json.loads(body)
    return [name for name in DUTIES if not seen[name]] + ([] if seen["protocol"] == "HTTP/1.1" else ["HTTP/1.1 upstream"])


def origin_connections(port):
    """How many connections the origin has accepted so far (stub_status)."""
    _, body, _ = fetch(port, "/.perf/status")
    return int(body.split()[body.split().index(b"requests") + 1])
