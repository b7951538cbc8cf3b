"""The series: what is sent, how wide, on which cores, and what FilterProxy must reach. A new measurement is a new entry here."""

from .model import FOOTPRINT, PACED, Bar, Contender, Point, Series, Setup, Traffic

KIB, MIB = 1024, 1024 * 1024
SMALL_GET = Traffic()
PEERS = ("filterproxy", "nginx", "haproxy")
DIRECT = "direct"


def _all(setup=Setup(), yarp=False):
    return tuple(Contender(name, setup) for name in (*PEERS, *(["yarp"] if yarp else [])))


def _wide(connections, **more):
    return Point(_count(connections, "connection"), Traffic(connections=connections), _all(), longer=2 if connections > 1024 else 1, **more)


def _count(number, noun):
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _routes(number, yarp=False):
    # The middle one: neither the first nor the last that a proxy looking in order would try.
    return Point(_count(number, "route"), Traffic(path=f"/app{number // 2}/item"), _all(Setup(routes=number), yarp))


STREAMING = Setup(streaming=True)
TLS = Setup(tls=True)
LOGGED = Setup(access_log=True)
CACHED = Setup(cache=True)
LIMITED = Setup(limited=True)
WAF = Setup(waf=True)
WIDTHS = (1, 16, 64, 256, 1024, 5000)
NAMES = (*PEERS, "yarp")

SERIES = {s.name: s for s in (
    Series("small-get", "small GET (600 bytes of JSON), 64 keep-alive connections", (
        Point("64 connections", SMALL_GET, (Contender(DIRECT), *_all(yarp=True)),
              (Bar(1.00, stretch=0.85), Bar(0.42, "yarp"))),
    ), seconds=3),
    Series("connections", "small GET by number of connections, one core", tuple(
        _wide(n, bars=(Bar(1.00),) if n == 256 else ()) for n in WIDTHS if n != 64)),
    Series("two-cores", "small GET by number of connections, two cores", tuple(
        _wide(n, bars=(Bar(1.00, stretch=0.80),) if n == 64 else ()) for n in WIDTHS), cores=2),
    Series("bodies", "large replies", (
        Point("64 KiB replies, 64 connections", Traffic("/bytes/64k", by_bytes=True), _all(STREAMING, yarp=True), (Bar(1.00),)),
        Point("10 MiB replies, 16 connections", Traffic("/bytes/10m", 16, by_bytes=True), _all(STREAMING, yarp=True), (Bar(0.90, "haproxy"),)),
    ), notes=("nginx passes replies on as they come (proxy_buffering off, 64 KiB buffer), as the others do; "
              "HAProxy runs without splice. Requests are counted by the bytes that arrived.",)),
    Series("uploads", "large request bodies", (
        Point("64 KiB uploads, 64 connections", Traffic("/upload", upload=64 * KIB), _all(STREAMING, yarp=True)),
        Point("1 MiB uploads, 16 connections", Traffic("/upload", 16, upload=MIB), _all(STREAMING, yarp=True), (Bar(1.00),)),
    ), notes=("The origin reads the whole body before it answers, and its answer says how much arrived. "
              "nginx passes bodies on as they come (proxy_request_buffering off), as the others do.",)),
    Series("tls-h1", "small GET over TLS, HTTP/1.1, 64 keep-alive connections", (
        Point("TLS, 64 connections", SMALL_GET, _all(TLS, yarp=True), (Bar(1.35, stretch=1.15),)),
    ), seconds=3),
    Series("routes", "small GET by number of routes", (_routes(10), _routes(1_000), _routes(10_000, yarp=True)),
           notes=("Every proxy has the same routes by path prefix (nginx: location, HAProxy: map_beg and use_backend), over ten "
                  "clusters with the same origin; the request takes the one in the middle.",)),
    Series("filters", "FilterProxy with filters that do nothing", (
        Point("small GET, 64 connections", SMALL_GET, (
            Contender("filterproxy", label="no filters"),
            Contender("filterproxy", Setup(filters=10), "10 filters"),
            Contender("filterproxy", Setup(filters=50), "50 filters"),
        ), (Bar(1.05, "no filters", subject="10 filters"),), (("10 filters", "no filters"), ("50 filters", "no filters"))),
    ), notes=("Each filter is in the request and the response phase, and of one of ten classes, so that no call is predicted for one class.",)),
    Series("access-log", "small GET with and without an access log", (
        Point("64 connections", SMALL_GET,
              tuple(Contender(name, setup, name + ("" if setup == Setup() else " + log")) for name in NAMES for setup in (Setup(), LOGGED)),
              pairs=(*((f"{name} + log", name) for name in NAMES),
                     *(("filterproxy + log", f"{name} + log") for name in NAMES[1:]))),
    ), notes=("To a file each. nginx buffers 64 KiB or 250 ms, as FilterProxy does by default; HAProxy writes each line to its standard "
              "output, which is the file; YARP uses ASP.NET's W3C logger.",)),
    Series("cache-hit", "replies from the cache, 64 keep-alive connections", tuple(
        Point(label, Traffic(path, by_bytes=by_bytes), (Contender("filterproxy", CACHED), Contender("nginx", CACHED),
              Contender("nginx", Setup(cache=True, open_files=True), "nginx, open_file_cache")), (Bar(0.60, "nginx"),))
        for label, path, by_bytes in (("600 bytes", "/", False), ("64 KiB", "/bytes/64k", True))
    ), notes=("FilterProxy's filter `cache` keeps replies in memory, nginx's proxy_cache in files that are in the page cache: opened for every "
              "request, as it does by default, or kept open. The origin is asked once.",)),
    Series("compression", "a page of 64 KiB, compressed by gzip, 32 keep-alive connections", (
        Point("gzip, level 5", Traffic("/bytes/page.html", 32, headers=("accept-encoding: gzip",)),
              (Contender("filterproxy", Setup(compress=True)), Contender("nginx", Setup(compress=True)))),
    ), notes=("FilterProxy's filter `compression` and nginx's gzip, both at level 5; the origin sends the page plain.",)),
    Series("limited", "requests over a limit (429), 64 keep-alive connections", (
        Point("429", Traffic(status=429), _all(LIMITED), (Bar(1.00),)),
    ), notes=("FilterProxy's filter `rate_limit` (token bucket by address, counted in the process), nginx's limit_req, HAProxy's stick table with "
              "http_req_rate: each lets about one request a second through and refuses the others with 429. None logs what it refuses: "
              "nginx, which does by default, has limit_req_log_level info.",)),
    Series("waf", "the OWASP Core Rule Set, blocking at paranoia 1, over what browsers send to a shop", (
        Point("64 connections", Traffic(shop=True), (Contender("filterproxy", WAF, "filterproxy + waf"), Contender("nginx", WAF, "nginx + libmodsecurity")),
              (Bar(0.50, "nginx + libmodsecurity", stretch=0.20, subject="filterproxy + waf"),), (("filterproxy + waf", "nginx + libmodsecurity"),)),
        Point("1 connection", Traffic(shop=True, connections=1), tuple(
            Contender(name, setup, name + label) for name, label in (("filterproxy", " + waf"), ("nginx", " + libmodsecurity"))
            for setup, label in ((Setup(), ""), (WAF, label))), (),
            (("filterproxy + waf", "filterproxy"), ("nginx + libmodsecurity", "nginx"), ("filterproxy + waf", "nginx + libmodsecurity"))),
    ), rounds=8, figures=("cpu_us", "p99"), notes=(
        "GETs with query and cookies, forms and JSON in turns, all of a browser's header fields with them; every answer must be the origin's 200. "
        "Both read the same rule files. With 1 connection latency is the proxy's own: what the firewall adds is the difference to the line without it.",)),
    Series("latency", "latency at half and at four fifths of the peak rate", tuple(
        Point(f"{share:.0%} of the peak", SMALL_GET, _all(), (Bar(1.20, figure="p999"),) if share == 0.5 else (), load=share)
        for share in (0.5, 0.8)
    ), seconds=3, kind=PACED, figures=("p50", "p99", "p999"),
        notes=("Requests are sent at the times of one fixed random schedule (Poisson arrivals, the same for every proxy), and latency "
               "counts from the scheduled time: a reply that is late makes those behind it late as well.",)),
    Series("memory", "resident memory at start, under load, and per idle connection", (
        Point("10,000 idle connections", Traffic(connections=256),
              (Contender("filterproxy", Setup(io="direct"), "filterproxy, direct"), Contender("filterproxy", Setup(io="sockets"), "filterproxy, sockets"),
               Contender("nginx"), Contender("haproxy")),
              tuple(Bar(most, None, figure=figure, subject=f"filterproxy, {io}")
                    for io in ("direct", "sockets") for figure, most in (("loaded_mb", 100), ("idle_kib", 12)))),
    ), seconds=10, rounds=3, kind=FOOTPRINT, figures=()),
    Series("tls-h2", "small GET over TLS, HTTP/2, 8 connections of 16 streams", (
        Point("HTTP/2 over TLS", Traffic(connections=8, streams=16), _all(Setup(tls=True, http2=True), yarp=True),
              (Bar(1.20, "haproxy", stretch=1.00), Bar(1.00, "nginx"), Bar(0.50, "yarp"))),
    ), notes=("The origin is asked over HTTP/1.1.",)),
    Series("h2c", "small GET over HTTP/2 without TLS, 8 connections of 16 streams", (
        Point("HTTP/2 in clear text", Traffic(connections=8, streams=16), _all(Setup(http2=True), yarp=True)),
    ), notes=("The origin is asked over HTTP/1.1. HTTP/2 begins with prior knowledge.",)),
)}
