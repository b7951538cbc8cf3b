"""What a series is made of: traffic, the set-up of the proxies, who takes part, and the bars it is judged by."""

from dataclasses import dataclass, field

# Series that measure something else than CPU per request at full load have another kind (see harness/contest.py).
LOAD, PACED, FOOTPRINT = "load", "paced", "footprint"


@dataclass(frozen=True)
class Traffic:
    """What the load generator sends."""

    path: str = "/"
    connections: int = 64
    # Bytes of a request body; 0 is a GET.
    upload: int = 0
    # Large replies: requests are counted by the bytes that arrived, so that those cut off at the end count in part.
    by_bytes: bool = False
    # What every request is answered with; 429 is the proxy's own answer, and but for a few of the first nothing reaches the origin.
    status: int = 200
    # HTTP/2 with this many streams per connection; 0 is HTTP/1.1.
    streams: int = 0
    # Further fields of each request, "name: value"; wrk alone sends them.
    headers: tuple = ()
    # What browsers send to a shop, in turns (load/wrk-shop.lua), instead of one request again and again.
    shop: bool = False


@dataclass(frozen=True)
class Setup:
    """How the proxies are configured, the same for all of them. The default is the plain one."""

    tls: bool = False
    http2: bool = False
    # Routes by path prefix, beside the one that takes everything; spread over CLUSTERS clusters with the same origin.
    routes: int = 0
    # Filters that do nothing. FilterProxy alone has such.
    filters: int = 0
    access_log: bool = False
    # nginx passes bodies on as they come instead of buffering whole ones, as the others do.
    streaming: bool = False
    # Answers are kept in memory (nginx: on disk, which is the page cache), and everything but the first request is answered from there.
    cache: bool = False
    # nginx keeps the files of its cache open (open_file_cache), which it does not by default. The others keep nothing in files.
    open_files: bool = False
    # Replies are compressed by gzip, at level 5. HAProxy and YARP are not told.
    compress: bool = False
    # One request a second is let through, of all clients of one address.
    limited: bool = False
    # FilterProxy's transport; empty is its default.
    io: str = ""
    # The OWASP Core Rule Set at paranoia 1, blocking: in FilterProxy's waf, in nginx's libmodsecurity.
    waf: bool = False


@dataclass(frozen=True)
class Contender:
    """One proxy in one set-up, as one point measures it."""

    target: str
    setup: Setup = Setup()
    label: str = ""

    @property
    def name(self):
        return self.label or self.target

    @property
    def key(self):
        """Contenders with the same key share a process."""
        return self.target, self.setup


@dataclass(frozen=True)
class Bar:
    """The most one contender may take, as a ratio to another ("best": the better of nginx and haproxy) or, without one, in the figure's unit."""

    most: float
    against: str | None = "best"
    stretch: float | None = None
    figure: str = "cpu_us"
    subject: str | None = None


@dataclass(frozen=True)
class Point:
    """One comparison: the same traffic to every contender."""

    label: str
    traffic: Traffic
    contenders: tuple
    bars: tuple = ()
    # Which ratios are reported: (one, other); empty is the subject against everyone else.
    pairs: tuple = ()
    # Of the peak rate, for paced load.
    load: float = 0
    # Times the seconds of the series: opening thousands of connections takes some of them.
    longer: int = 1


@dataclass(frozen=True)
class Series:
    """One report."""

    name: str
    title: str
    points: tuple
    # Seconds each contender is loaded per round.
    seconds: int = 2
    rounds: int = 12
    # Cores of the proxy.
    cores: int = 1
    kind: str = LOAD
    # What ratios are taken of.
    figures: tuple = ("cpu_us",)
    notes: tuple = field(default=())

    def contenders(self):
        """One of each process that runs, in order."""
        return list({c.key: c for p in self.points for c in p.contenders}.values())
