"""Runs one series: starts the origin and everyone who takes part, loads them in interleaved rounds, stops all."""

import dataclasses
import os
import tempfile
import time
from pathlib import Path

from . import configs, footprint, latency
from .load import generate
from .model import FOOTPRINT, LOAD, PACED
from .process import Failure, cpu_ids, free_ports
from .rounds import Bench, Runner, check_reply, measure
from .series import DIRECT
from .targets import PERF, all_targets, missing_duties, start_origin, start_proxy, tls_facts


@dataclasses.dataclass
class Outcome:
    """What a series gave: its points with those who took part, one sample per measurement, and facts for the report."""

    points: tuple
    samples: list
    facts: dict


def cores(series, options):
    """The cores of the proxy, and of the origin and the load: apart where there are enough, as taskset lists."""
    there = sorted(os.sched_getaffinity(0))
    rest = [str(c) for c in there[series.cores:]]
    proxy = options.proxy_cpus or ",".join(map(str, there[:series.cores]))
    load = options.load_cpus or ",".join(rest[:series.cores] if len(rest) >= series.cores else map(str, there))
    missing = [c for c in cpu_ids(proxy) + cpu_ids(load) if c not in there]
    if missing:
        raise Failure(f"core {missing[0]} is not available: name others with --proxy-cpus and --load-cpus")
    return proxy, load


def choose(series, only, together=False):
    """The contenders that can take part, and why others cannot. What was asked for must be there; YARP may be missing when nobody named it."""
    known, chosen, absent = all_targets(), [], {}
    unknown = [name for name in only if name not in (DIRECT, *known)]
    if unknown:
        raise Failure(f"unknown target {', '.join(unknown)}; there are {DIRECT}, {', '.join(known)}")
    for contender in series.contenders():
        if (only and contender.target not in only) or (together and contender.target == DIRECT):
            continue
        target = known.get(contender.target)
        if target and not target.executable():
            if target.name != "yarp" or only:
                raise Failure(f"{target.name}: {target.command[0]} is not there")
            absent["yarp"] = "not built here (its package could not be restored)"
            continue
        chosen.append(contender)
    return chosen, absent


def run(series, options):
    proxy_cpus, load_cpus = cores(series, options)
    chosen, absent = choose(series, options.only, options.together)
    facts, runners, started = {}, {}, []
    (PERF / ".work").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PERF / ".work", prefix=f"{series.name}-") as work:
        try:
            origin_port, *ports = free_ports(1 + len(chosen))
            bench = Bench(start_origin(work, origin_port, load_cpus), origin_port, proxy_cpus, load_cpus)
            started.append(bench.origin)
            facts["cores"] = describe(bench)
            for contender in chosen:
                try:
                    began = time.monotonic()
                    runners[contender.key] = start(contender, work, bench, ports.pop(), started)
                    if contender.setup.waf:
                        # All but some milliseconds of it is the rule set.
                        facts[f"{contender.name} accepts after"] = f"{time.monotonic() - began:.1f} s"
                    facts |= duties(runners[contender.key])
                except Failure as failure:
                    # A protocol may be one that a proxy does not speak; everything else must work.
                    if not contender.setup.http2:
                        raise
                    runners.pop(contender.key, None)
                    absent[contender.name] = "does not serve this protocol: " + reason(failure, work)
            points = tuple(dataclasses.replace(p, contenders=tuple(c for c in p.contenders if c.key in runners)) for p in series.points)
            for name, reason in absent.items():
                print(f"{name}: {reason}; left out.", flush=True)
                facts[f"{name} left out"] = reason
            samples = MEASURE[series.kind](points, runners, bench, options, facts, work)
            facts |= check_logs(runners, samples)
        finally:
            for process in reversed(started):
                process.stop()
    return Outcome(points, samples, {k: v for k, v in facts.items() if v})


def reason(failure, work):
    """What the proxy itself said, if it did, without the folder of this run."""
    first, *said = [line for line in str(failure).replace(work, "").splitlines() if line.strip()]
    return (said[0] if said else first).lstrip("/")[:200]


def start(contender, work, bench, port, started):
    """Starts a contender in a folder of its own, and notes in `started` what must be stopped."""
    if contender.target == DIRECT:
        return Runner(contender, None, bench.origin_port)
    folder = tempfile.mkdtemp(dir=work, prefix=f"{contender.target}-")
    proxy = start_proxy(all_targets()[contender.target], folder, port, bench.origin_port, bench.proxy_cpus, contender.setup)
    started.append(proxy)
    return Runner(contender, proxy, port)


def describe(bench):
    if bench.shared:
        return (f"proxy on cores {bench.proxy_cpus}; the origin and the load generator share them (cores {bench.load_cpus}), as the machine "
                "has no others: CPU per request is the figure, rate and latency are those of all three together")
    return f"proxy on core {bench.proxy_cpus}, origin and load generator on core {bench.load_cpus}"


def duties(runner):
    """What a proxy negotiates, and which of the agreed headers it does not send."""
    if runner.process is None:
        return {}
    setup = runner.contender.setup
    lacking = missing_duties(runner.port, setup)
    found = {f"{runner.name} does not send": ", ".join(lacking)} if lacking else {}
    if setup.tls:
        found[f"{runner.name} negotiates"] = tls_facts(runner.port)
    return found


def check_logs(runners, samples):
    """Everything that was asked must have been logged, or it was not the same work."""
    facts = {}
    for runner in runners.values():
        if not runner.contender.setup.access_log:
            continue
        folder = runner.process.log.parent
        logs = [runner.process.log] if runner.contender.target == "haproxy" else folder.glob(configs.log_file(folder).stem + "*")
        lines, mine = sum(map(_lines, logs)), [s for s in samples if s["target"] == runner.name]
        asked = sum(s["requests"] for s in mine)
        facts[f"lines logged by {runner.contender.target}"] = f"{lines}, of {asked:.0f} measured requests and those of the warm-up"
        if lines < asked and mine:
            mine[-1]["problems"] = "; ".join(filter(None, (mine[-1]["problems"], f"only {lines} of {asked:.0f} requests were logged")))
    return facts


def _lines(file):
    with open(file, "rb") as content:
        return sum(block.count(b"\n") for block in iter(lambda: content.read(1 << 20), b""))


# A slice of warm-up in which the compiler of a .NET proxy took less of a core than this was the last.
RESTING, SLICE = 0.01, 4


def warm_up(points, runners, bench, options):
    warmed = set()
    for point in points:
        for contender in point.contenders:
            runner = runners[contender.key]
            target = all_targets().get(contender.target)
            # Once for the compiler, and shortly for each further kind of traffic.
            seconds = target.warm_up_seconds if target and contender.key not in warmed else 2 * point.longer - 1
            seconds = min(seconds, options.warm_up)
            warmed.add(contender.key)
            print(f"warm-up   {point.label:<28} {contender.name:<22} {seconds} s", flush=True)
            check_reply(bench, runner, point.traffic)
            generate(runner.port, point.traffic, contender.setup, seconds, bench.load_cpus)
            if target and target.managed and seconds == target.warm_up_seconds:
                until_compiled(runner, point.traffic, bench, options.warm_up - seconds)


def until_compiled(runner, traffic, bench, most):
    """Loads on until the compiler rests: what it takes is of the first minute, and not of a request."""
    for spent in range(SLICE, most + 1, SLICE):
        before = runner.process.compiler_seconds()
        generate(runner.port, traffic, runner.contender.setup, SLICE, bench.load_cpus)
        if runner.process.compiler_seconds() - before < RESTING * SLICE:
            print(f"warm-up   its compiler rests after {spent} s more", flush=True)
            return


def interleave(points, runners, options, measure_some):
    """Every contender of every point once per round: in an order that rotates, so that nobody always runs first, or all at once."""
    samples = []
    for number in range(options.rounds):
        for point in rotated(points, number):
            turn = [runners[contender.key] for contender in rotated(point.contenders, number)]
            for some in [turn] if options.together else [[runner] for runner in turn]:
                measured = measure_some(number, point, some)
                samples += measured
                show(number, point, measured)
    return samples


def show(number, point, measured):
    for sample in measured:
        cpu = f"{sample['cpu_us']:8.1f} us cpu" if sample["cpu_us"] else " " * 15
        p99 = f"p99 {sample['p99'] / 1000:7.2f} ms" if sample["p99"] else ""
        print(f"round {number + 1:>2}  {point.label:<28} {sample['target']:<22} {sample['rate']:9.0f} req/s {cpu}  {p99}  {sample['problems']}", flush=True)


def rotated(items, number):
    turn = number % len(items) if items else 0
    return [*items[turn:], *items[:turn]]


def at_full_load(points, runners, bench, options, facts, work):
    warm_up(points, runners, bench, options)
    return interleave(points, runners, options, lambda number, point, some: measure(number, point, some, bench, options.seconds * point.longer))


def at_a_pace(points, runners, bench, options, facts, work):
    """The same rate for all, from the lowest of their peaks, which are found first."""
    warm_up(points[:1], runners, bench, options)
    peaks = latency.peaks(points[0], runners, bench)
    rate = min(peaks.values())
    facts["peak rates"] = ", ".join(f"{name} {peak:.0f}/s" for name, peak in peaks.items()) + " (median of three); paced by the lowest"
    if options.together:
        rate /= len(points[0].contenders)
    return interleave(points, runners, options, lambda number, point, some: measure(
        number, point, some, bench, options.seconds, latency.at(rate * point.load)))


def at_rest(points, runners, bench, options, facts, work):
    """Memory is asked of fresh processes: those that were started to be checked are stopped."""
    for runner in runners.values():
        runner.process.stop()
    samples = []
    for number in range(options.rounds):
        for contender in rotated(points[0].contenders, number):
            started = []
            try:
                runner = start(contender, work, bench, free_ports(1)[0], started)
                samples.append(footprint.measure(number, points[0], runner, bench, options))
            finally:
                for process in started:
                    process.stop()
    return samples


MEASURE = {LOAD: at_full_load, PACED: at_a_pace, FOOTPRINT: at_rest}
