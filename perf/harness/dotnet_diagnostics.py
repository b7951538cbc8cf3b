"""Managed heap of a running .NET process, asked through its diagnostic socket: a full collection, then the counter.

Speaks just enough of the runtime's diagnostic IPC protocol (a CollectTracing command) that no tool must be installed.
"""

import glob
import os
import socket
import struct
import tempfile
import time

MAGIC = b"DOTNET_IPC_V1\0"
EVENT_PIPE, COLLECT_TRACING, STOP_TRACING = 2, 2, 1
OK = (0xFF, 0x00)
GC_COLLECT_KEYWORD = 0x800000  # enabling it makes the runtime collect all generations
HEAP_COUNTER = "gc-heap-size"  # MB, after what was collected


def heap_mib(pid, seconds=8):
    """Live managed heap in MiB after a full collection, or None where the process offers no diagnostics."""
    path = next(iter(glob.glob(f"{os.environ.get('TMPDIR', tempfile.gettempdir())}/dotnet-diagnostic-{pid}-*-socket")), None)
    if path is None:
        return None
    # The collecting session and the counter session are apart: the counter must be sampled after the collection.
    _session(path, "Microsoft-Windows-DotNETRuntime", GC_COLLECT_KEYWORD, "", None, 1.5)
    megabytes = _session(path, "System.Runtime", 0xFFFFFFFF, "EventCounterIntervalSec=1", HEAP_COUNTER, seconds)
    return None if megabytes is None else megabytes * 1e6 / 2**20


def _session(path, provider, keywords, arguments, counter, seconds):
    """Runs one event session; ends as soon as the counter was seen, or after the time. Returns its value or None."""
    with _connect(path) as stream:
        payload = struct.pack("<III", 4, 1, 1)  # buffer of 4 MB, nettrace, one provider
        payload += struct.pack("<QI", keywords, 4) + _text(provider) + _text(arguments)
        stream.sendall(_message(EVENT_PIPE, COLLECT_TRACING, payload))
        status, body = _reply(stream)
        if status != OK:
            return None
        session = body[:8]
        value, seen, deadline = None, b"", time.monotonic() + seconds
        while value is None and time.monotonic() < deadline:
            stream.settimeout(max(0.05, deadline - time.monotonic()))
            try:
                data = stream.recv(65536)
            except TimeoutError:
                break
            if not data:
                break
            seen += data
            value = find_counter(seen, counter) if counter else None
        with _connect(path) as control:
            control.sendall(_message(EVENT_PIPE, STOP_TRACING, session))
            _drain(stream)  # the runtime answers the stop only after the rest of the trace was read
            _reply(control)
        return value


def find_counter(trace, name):
    """The Mean of an EventCounter in raw trace bytes: its name and display name in UTF-16, then a double."""
    key = name.encode("utf-16-le") + b"\0\0"
    at = trace.find(key)
    if at < 0:
        return None
    at += len(key)
    while trace[at:at + 2] not in (b"\0\0", b""):
        at += 2
    at += 2
    return struct.unpack_from("<d", trace, at)[0] if len(trace) >= at + 8 else None


def _connect(path):
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(10)
    stream.connect(path)
    return stream


def _text(value):
    encoded = (value + "\0").encode("utf-16-le") if value else b""
    return struct.pack("<I", len(encoded) // 2) + encoded


def _message(group, command, payload):
    return struct.pack("<14sHBBH", MAGIC, 20 + len(payload), group, command, 0) + payload


def _reply(stream):
    head = _exactly(stream, 20)
    size, group, command = struct.unpack_from("<HBB", head, 14)
    return (group, command), _exactly(stream, size - 20)


def _exactly(stream, count):
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise ConnectionError("the diagnostic socket closed early")
        data += more
    return data


def _drain(stream):
    stream.settimeout(10)
    try:
        while stream.recv(65536):
            pass
    except TimeoutError:
        pass
