"""The origin and the proxies: how each is started, and one request to check it."""

import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import string
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import configs
from .configs import PERF
from .model import Setup
from .process import Failure, Process

ROOT = PERF.parent
FILTERPROXY = ROOT / "artifacts/bin/FilterProxy/release/filterproxy"
YARP = PERF / "yarp/bin/Release/net10.0/YarpBaseline"

# 600 bytes of JSON without a quote or a dollar sign that a configuration language would read.
SMALL_BODY = '{"id":"0001","items":["' + (string.ascii_lowercase * 24)[:600 - 26] + '"]}'
FILES = {"64k": 64 * 1024, "10m": 10 * 1024 * 1024}

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
        return 12 if self.managed else 2

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


def page(size):
    """Markup as pages have it, the same each time: a third of it when it is compressed."""
    dice, parts = random.Random(size), []
    words = ["".join(dice.choices("etaoinshrdlcum", k=dice.randint(2, 9))) for _ in range(600)]
    while sum(map(len, parts)) < size:
        parts.append(f'<li class="item item-{dice.randrange(100)}"><a href="/items/{dice.randrange(10 ** 6)}">{" ".join(dice.choices(words, k=12))}</a></li>\n')
    return "".join(parts)[:size].encode()


def start_origin(work, port, cpus):
    folder = Path(work, "bytes")
    folder.mkdir()
    for name, size in FILES.items():
        (folder / name).write_bytes(random.Random(size).randbytes(size))
    (folder / "page.html").write_bytes(page(64 * 1024))
    conf = Path(work, "origin.conf")
    values = {**configs.common(work, port, port, cpus), "SMALL_BODY": SMALL_BODY}
    conf.write_text(render((PERF / "proxies/origin.conf.in").read_text(), values))
    return _started(Process("origin", ["nginx", "-c", str(conf)], cpus, Path(work, "origin.log")), port)


def configuration_path(target, work):
    return Path(work, target.template.removesuffix(".in"))


def start_proxy(target, work, port, origin_port, cpus, setup=Setup(), template=None):
    """`template` is a text that replaces the usual one."""
    values = configs.values(target.name, setup, work, port, origin_port, cpus)
    conf = ""
    if target.template:
        conf = configuration_path(target, work)
        conf.write_text(render(template or (PERF / "proxies" / target.template).read_text(), values))
    env = {"PORT": str(port), "ORIGIN_PORT": str(origin_port)}
    if target.name == "yarp":
        env |= configs.yarp_environment(setup, values)
    command = [part.replace("{conf}", str(conf)) for part in target.command]
    return _started(Process(target.name, command, cpus, Path(work, f"{target.name}.log"), env), port)


def reconfigure(proxy, target, work, port, origin_port, cpus, template):
    """Gives a FilterProxy that runs another configuration, and waits until that is in force."""
    conf = configuration_path(target, work)
    text = render(template, configs.values(target.name, Setup(), work, port, origin_port, cpus))
    seen = len(reload_times(proxy.log))
    replace(conf, text)
    os.kill(proxy.pid, signal.SIGHUP)
    deadline = time.monotonic() + 30
    while len(reload_times(proxy.log)) == seen:
        if time.monotonic() > deadline:
            raise Failure(f"{proxy.name} did not take its configuration:\n{proxy.tail()}")
        time.sleep(0.01)


def replace(path, text):
    """At once: half a file is another file."""
    Path(f"{path}.new").write_text(text)
    os.replace(f"{path}.new", path)


def reload_times(log):
    """Milliseconds of each reload so far, as the proxy says them."""
    return [int(ms) for ms in re.findall(r"read and compiled in (\d+) ms", log.read_text(errors="replace"))]


def _started(process, port):
    try:
        process.wait_for_port(port)
    except BaseException:
        process.stop()
        raise
    return process


def client_context():
    """TLS as the load generators speak it: any certificate, OpenSSL's own choice of version and cipher."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def fetch(port, path, setup=Setup(), body=None, headers=()):
    """One request on a connection of its own: status, body, and the length of the whole reply as HTTP/1.1 (0 for HTTP/2)."""
    if setup.http2:
        return _fetch_http2(port, path, setup)
    connection = (http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=client_context()) if setup.tls
                  else http.client.HTTPConnection("127.0.0.1", port, timeout=10))
    try:
        connection.request("POST" if body else "GET", path, body, dict(header.split(": ", 1) for header in headers))
        response = connection.getresponse()
        received = response.read()
        head = len(f"HTTP/1.1 {response.status} {response.reason}\r\n\r\n")
        head += sum(len(name) + len(value) + 4 for name, value in response.getheaders())
        return response.status, received, head + len(received)
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"{path} on port {port}: {error!r}") from error
    finally:
        connection.close()


def _fetch_http2(port, path, setup):
    """Python speaks no HTTP/2; curl does."""
    scheme, how = ("https", "--http2") if setup.tls else ("http", "--http2-prior-knowledge")
    asked = subprocess.run(["curl", "-sSk", "-m", "10", how, "-w", r"\n%{http_code} %{http_version}", f"{scheme}://127.0.0.1:{port}{path}"],
                           capture_output=True)
    if asked.returncode != 0:
        raise Failure(f"{path} on port {port}: {asked.stderr.decode().strip()}")
    body, _, facts = asked.stdout.rpartition(b"\n")
    status, version = facts.decode().split()
    if version != "2":
        raise Failure(f"{path} on port {port}: answered in HTTP/{version}")
    return int(status), body, 0


def tls_facts(port):
    """Protocol version and cipher as negotiated with a client that leaves the choice to OpenSSL."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw, client_context().wrap_socket(raw) as stream:
        return f"{stream.version()}, {stream.cipher()[0]}"


def missing_duties(port, setup=Setup()):
    """Which of the agreed headers this proxy does not send upstream, as the origin saw it."""
    status, body, _ = fetch(port, "/.perf/echo", setup)
    if status != 200:
        raise Failure(f"the echo of the origin answered {status}")
    seen = json.loads(body)
    return [name for name in DUTIES if not seen[name]] + ([] if seen["protocol"] == "HTTP/1.1" else ["HTTP/1.1 upstream"])


def origin_connections(port):
    """How many connections the origin has accepted so far (stub_status)."""
    _, body, _ = fetch(port, "/.perf/status")
    return int(body.split()[body.split().index(b"requests") + 1])
