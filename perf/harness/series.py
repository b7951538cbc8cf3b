"""The series: what is sent, how wide, on which cores. A new measurement is a new entry here."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Series:
    name: str
    title: str
    path: str = "/"
    connections: int = 64
    script: str = "wrk-report.lua"
    # name of a proxy -> template under perf/proxies that replaces its usual one
    templates: dict = field(default_factory=dict)
    # most CPU per request FilterProxy may take, as a ratio to another proxy ("best" = the better of nginx and haproxy)
    bars: dict = field(default_factory=dict)


SERIES = {s.name: s for s in (
    Series("small-get", "small GET (600 bytes of JSON), 64 keep-alive connections", bars={"best": 1.15}),
)}
