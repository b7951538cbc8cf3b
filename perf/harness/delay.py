"""A TCP relay that hands everything on a fixed time later, as a long way would."""

import collections
import contextlib
import os
import socket
import threading
import time

PIECE = 256 * 1024
# What may be under way in each direction of a connection, as a TCP window would have it.
ROOM = 4 << 20


def start(port, target, seconds):
    """A process that relays connections to another port of 127.0.0.1, each byte so much later; its id."""
    child = os.fork()
    if child == 0:
        _serve(port, target, seconds)
    return child


def _serve(port, target, seconds):
    threading.stack_size(256 * 1024)
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    while True:
        near, _ = listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", target))
        except OSError:
            near.close()
            continue
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, sink in ((near, far), (far, near)):
            _Direction(source, sink, seconds).start()


class _Direction:
    """What one side sends: a thread receives, another sends when it is time."""

    def __init__(self, source, sink, seconds):
        self.source, self.sink, self.seconds = source, sink, seconds
        self.pieces, self.held, self.changed = collections.deque(), 0, threading.Condition()

    def start(self):
        for work in (self._receive, self._send):
            threading.Thread(target=work, daemon=True).start()

    def _receive(self):
        data = b"-"
        while data:
            try:
                data = self.source.recv(PIECE)
            except OSError:
                data = b""
            with self.changed:
                self.pieces.append((time.monotonic() + self.seconds, data))
                self.held += len(data)
                self.changed.notify_all()
                while self.held >= ROOM:
                    self.changed.wait()

    def _send(self):
        while True:
            with self.changed:
                while not self.pieces:
                    self.changed.wait()
                due, data = self.pieces.popleft()
            if (wait := due - time.monotonic()) > 0:
                time.sleep(wait)
            try:
                if not data:
                    self.sink.shutdown(socket.SHUT_WR)
                    return
                self.sink.sendall(data)
            except OSError:
                # Both ends may have gone by now.
                with contextlib.suppress(OSError):
                    self.source.shutdown(socket.SHUT_RDWR)
                data = b""
            with self.changed:
                self.held -= len(data)
                self.changed.notify_all()
                if not data:
                    self.held = 0
                    return
