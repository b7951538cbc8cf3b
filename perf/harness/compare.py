"""Runs one or more series over all targets in interleaved rounds and writes a report, its picture and the raw figures of each."""

import argparse
import copy
import datetime
import signal
import sys
import time
from pathlib import Path

from . import contest, machine, plot, report
from .configs import WAF_MODULE
from .model import FOOTPRINT, PACED
from .process import Failure, raise_limits
from .series import DIRECT, SERIES
from .targets import PERF, all_targets


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf/compare.sh", description="Compares FilterProxy with other proxies.",
                                     epilog="Series: " + "; ".join(f"{s.name} ({s.title})" for s in SERIES.values()) + ".")
    parser.add_argument("--series", default="small-get", metavar="NAME[,NAME...]", help="which to run, one after the other (small-get)")
    parser.add_argument("--all", action="store_true", help="all series, about an hour")
    parser.add_argument("--list", action="store_true", help="names the series and about how long each takes, and ends")
    parser.add_argument("--rounds", type=int, help="measured rounds (as the series says, mostly 12; 4 with --quick)")
    parser.add_argument("--seconds", type=int, help="seconds of load per round and contender (as the series says; 2 at most with --quick)")
    parser.add_argument("--warm-up", type=int, default=60, help="the most seconds of warm-up (12 for a .NET proxy and on until its compiler rests, else 2)")
    parser.add_argument("--quick", action="store_true", help="few short rounds, coarse intervals: small-get in under 3 minutes")
    parser.add_argument("--together", action="store_true",
                        help="load the contenders of a point all at once: what the machine does to one, it does to the others in the same moment")
    parser.add_argument("--only", default="", help=f"comma-separated targets: {DIRECT}, {', '.join(all_targets())}")
    parser.add_argument("--subject", default="filterproxy", help="whose ratios to the others are reported")
    parser.add_argument("--proxy-cpus", help="cores of the proxy under test, as taskset lists (as many as the series says)")
    parser.add_argument("--load-cpus", help="cores of the origin and the load generator (the next ones, or shared where there are none)")
    parser.add_argument("--no-build", action="store_true", help="use what is built already")
    parser.add_argument("--results", default=str(PERF / "results"), help="where the reports go")
    options = parser.parse_args(argv)
    names = list(SERIES) if options.all else options.series.split(",")
    unknown = [n for n in names if n not in SERIES]
    if unknown:
        parser.error(f"unknown series {', '.join(unknown)}; there are {', '.join(SERIES)}")
    if any(n is not None and n < 1 for n in (options.rounds, options.seconds, options.warm_up)):
        parser.error("--rounds, --seconds and --warm-up must be positive")
    options.chosen = [SERIES[n] for n in names]
    options.only = [n for n in options.only.split(",") if n]
    return options


def needs(options):
    """What must be installed (command=package) and built for it."""
    wanted = {c.target for s in options.chosen for c in s.contenders() if not options.only or c.target in options.only}
    setups = [c.setup for s in options.chosen for c in s.contenders()]
    kinds = {s.kind for s in options.chosen}
    http2 = any(setup.http2 for setup in setups)
    tools = ["nginx=nginx", "wrk=wrk", "taskset=util-linux", *(["haproxy=haproxy"] if "haproxy" in wanted else []),
             *(["openssl=openssl"] if any(setup.tls for setup in setups) else []),
             *(["h2load=nghttp2-client", "curl=curl"] if http2 else []),
             *([f"{WAF_MODULE}=libnginx-mod-http-modsecurity", "/usr/share/modsecurity-crs/rules=modsecurity-crs"] if any(setup.waf for setup in setups) else [])]
    builds = [*(["filterproxy"] if "filterproxy" in wanted else []), *(["yarp"] if "yarp" in wanted else []),
              *(["NoOpFilters"] if any(setup.filters for setup in setups) else []), *(["PacedClient"] if PACED in kinds else [])]
    return tools, [] if options.no_build or options.list else builds


def for_series(options, series):
    """The same options with what the series says where nothing else was asked for."""
    chosen = copy.copy(options)
    chosen.rounds = options.rounds or (min(4, series.rounds) if options.quick else series.rounds)
    chosen.seconds = options.seconds or (min(2, series.seconds) if options.quick else series.seconds)
    chosen.warm_up = min(options.warm_up, 30) if options.quick else options.warm_up
    return chosen


def estimate(series, options):
    """About how many seconds it takes."""
    options = for_series(options, series)
    known, runs = all_targets(), [c for p in series.points for c in p.contenders if not options.only or c.target in options.only]
    started = [c for c in series.contenders() if not options.only or c.target in options.only]
    warm_up = sum(min(known[c.target].warm_up_seconds, options.warm_up) if c.target in known else 1 for c in started) + len(runs) - len(started)
    more = {PACED: 1 + len(started) * 6, FOOTPRINT: 0}.get(series.kind, 0)
    each = options.seconds + {PACED: 1, FOOTPRINT: 11}.get(series.kind, 0.2)
    load = sum(each + options.seconds * (p.longer - 1) for p in series.points for c in p.contenders if c in runs)
    return (0 if series.kind == FOOTPRINT else warm_up) + more + len(started) + options.rounds * load


def run(series, options):
    """Measures, writes the report, and says whether all answers were right."""
    options = for_series(options, series)
    facts = machine.conditions([t for t in all_targets().values() if t.name in {c.target for c in series.contenders()} and t.executable()], {
        "build": machine.build(options.no_build),
        "rounds": f"{options.rounds} of {options.seconds} s, all contenders of a point at once on the same core" if options.together
                  else f"{options.rounds} of {options.seconds} s per contender, order rotated each round",
    })
    commit, now = machine.commit(), datetime.datetime.now(datetime.timezone.utc)
    outcome = contest.run(series, options)
    facts |= outcome.facts
    name = f"{now:%Y-%m-%d}-{commit}-{series.name}{'-together' if options.together else ''}{'-quick' if options.quick else ''}"
    results = Path(options.results)
    results.mkdir(parents=True, exist_ok=True)
    facts = {"date": f"{now:%Y-%m-%d %H:%M} UTC", "commit": commit, **facts}
    (results / f"{name}.json").write_text(report.raw(series.name, facts, outcome.samples))
    (results / f"{name}.svg").write_text(plot.render(series, outcome.points, outcome.samples))
    text = report.render(series, outcome.points, outcome.samples, facts, options.subject, name)
    (results / f"{name}.md").write_text(text)
    print(f"\n{text}\nwritten: {results / name}.md, .svg and .json", flush=True)
    return not any(sample["problems"] for sample in outcome.samples)


def main(argv):
    options = arguments(argv)
    if options.list:
        for series in options.chosen if options.all or "--series" in " ".join(argv) else SERIES.values():
            print(f"{series.name:<12} {estimate(series, options) / 60:5.1f} min  {series.title}")
        print(f"{'--all':<12} {sum(estimate(s, options) for s in SERIES.values()) / 60:5.1f} min")
        return 0
    # A stop from outside still runs the clean-up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    raise_limits()
    failed = []
    for series in options.chosen:
        began = time.monotonic()
        try:
            if not run(series, options):
                failed.append(series.name)
        except Failure as failure:
            print(f"compare: {series.name}: {failure}", file=sys.stderr)
            failed.append(series.name)
        print(f"{series.name} took {(time.monotonic() - began) / 60:.1f} min", flush=True)
    if failed:
        print(f"compare: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
