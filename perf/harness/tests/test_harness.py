"""The harness's own promises: python3 -m unittest discover -s perf -t perf"""

import argparse
import contextlib
import io
import json
import os
import re
import socket
import struct
import tempfile
import time
import unittest
import xml.dom.minidom
from pathlib import Path
from unittest import mock

from harness import beside, compare, configs, contest, footprint, needs, plot, report, rounds, scrape, targets, variants, verdicts
from harness.dotnet_diagnostics import find_counter
from harness.load import Load, expect, parse_h2load, parse_report
from harness.memory import judge
from harness.model import FOOTPRINT, LOAD, PACED, Bar, Contender, Point, Setup, Traffic
from harness.process import Failure, Process, cpu_count, cpu_ids, free_ports
from harness.rounds import Runner
from harness.series import SERIES, SMALL_GET
from harness.stats import bootstrap_median, calm, paired, verdict
from harness.targets import SMALL_BODY, render

WRK = """Running 3s test
REPORT {"requests":30,"duration_us":3000000,"bytes":900,"errors":{"connect":0,"read":1,"write":0,"status":2,"timeout":0},""" \
    """"latency_us":{"p50":900,"p99":1200,"p99.9":1300,"max":1400}}
"""

PACED_REPORT = """REPORT {"requests":80,"sent":100,"duration_us":1000000,"bytes":800,"errors":{"status":0,"connection":0,"timeout":4},""" \
    """"latency_us":{"p50":1,"p99":2,"p99.9":3,"max":4},"late_us":{"p50":5,"p99":6,"p99.9":7,"max":8}}"""

H2LOAD = """finished in 250.00ms, 400.00 req/s, 1.00MB/s
requests: 100 total, 100 started, 100 done, 99 succeeded, 1 failed, 1 errored, 0 timeout
status codes: 97 2xx, 0 3xx, 0 4xx, 2 5xx
traffic: 72.27KB (74000) total, 11.72KB (12000) headers (space savings 0.00%), 58.59KB (60000) data
"""


def sample(target, number, cpu, foreign=0.01, problems="", point="64 connections", **more):
    return {"point": point, "target": target, "round": number, "cpu_us": cpu, "rate": 1000.0, "p50": 1, "p99": 2, "p999": 3, "max": 4,
            "late": None, "errors": 0, "busy": 0.9, "load_busy": 0.5, "rss": 2**20, "foreign": foreign, "load_foreign": 0.01,
            "origin_cpu_us": 9, "load_cpu_us": 8, "problems": problems} | more


class Statistics(unittest.TestCase):
    def test_pairs_only_rounds_both_have(self):
        self.assertEqual(paired({0: 2.0, 1: 3.0, 2: 9.0}, {0: 1.0, 1: 2.0}), [2.0, 1.5])

    def test_the_interval_is_the_same_for_the_same_rounds_and_holds_the_median(self):
        values = [1.0, 1.1, 0.9, 1.05, 0.98, 1.2]
        middle, low, high = bootstrap_median(values)
        self.assertEqual((middle, low, high), bootstrap_median(values))
        self.assertTrue(min(values) <= low < middle < high <= max(values))

    def test_an_interval_that_holds_the_bar_is_unresolved(self):
        self.assertEqual([verdict((1, 0.9, high), 1.15) for high in (1.15, 1.16)], ["met", "unresolved"])
        self.assertEqual(verdict((1.3, 1.2, 1.4), 1.15), "missed")

    def test_disturbed_rounds_do_not_count(self):
        samples = [sample("nginx", n, 20.0, 0.5 if n == 1 else 0.01) for n in range(4)]
        kept, note = calm(samples)
        self.assertEqual([s["round"] for s in kept], [0, 2, 3])
        self.assertIn("1 of 4", note)

    def test_everything_counts_and_says_so_when_the_machine_was_busy_throughout(self):
        samples = [sample("nginx", n, 20.0, 0.5 if n else 0.01) for n in range(4)]
        kept, note = calm(samples)
        self.assertEqual(kept, samples)
        self.assertIn("quiet machine", note)

    def test_each_point_must_keep_half_of_its_rounds(self):
        samples = [sample("nginx", n, 20.0, 0.5 if p == "b" and n else 0.01, point=p) for p in "ab" for n in range(4)]
        self.assertEqual(calm(samples)[0], samples)


class Parsing(unittest.TestCase):
    def test_wrk_errors_are_counted(self):
        load = parse_report(WRK)
        self.assertEqual((load.rate, load.failed, load.latency_us["p99"]), (10.0, 3, 1200))

    def test_the_paced_client_tells_what_it_sent_and_how_late(self):
        load = parse_report(PACED_REPORT)
        self.assertEqual((load.requests, load.failed, load.more["sent"], load.more["late_us"]["p99.9"]), (80, 4, 100, 7))

    def test_h2load_counts_failures_and_replies_that_are_not_2xx(self):
        load = parse_h2load(H2LOAD)
        self.assertEqual((load.requests, load.seconds, load.bytes), (100, 0.25, 74000))
        self.assertEqual(load.errors, {"failed": 1, "not 2xx": 2})

    def test_output_without_a_report_fails(self):
        for parse in (parse_report, parse_h2load):
            self.assertRaises(Failure, parse, "unable to connect")

    def test_a_counter_is_found_in_a_trace_and_not_before_it_is_complete(self):
        trace = b"\1\2" + "gc-heap-size\0GC Heap Size\0".encode("utf-16-le") + struct.pack("<d", 2.5)
        self.assertEqual(find_counter(trace, "gc-heap-size"), 2.5)
        for cut in range(len(trace)):
            self.assertIsNone(find_counter(trace[:cut], "gc-heap-size"))


class Setting(unittest.TestCase):
    def test_templates_replace_their_variables_and_leave_those_of_nginx(self):
        self.assertEqual(render("listen ${PORT}; $host ${lower}", {"PORT": 1}), "listen 1; $host ${lower}")
        self.assertRaises(Failure, render, "${PROT}", {"PORT": 1})

    def test_the_small_body_is_600_bytes(self):
        self.assertEqual(len(SMALL_BODY), 600)

    def test_core_lists_are_read_as_taskset_reads_them(self):
        self.assertEqual(([*map(cpu_count, ("0", "0,2", "1-3"))], cpu_ids("0,2-3")), ([1, 2, 3], [0, 2, 3]))

    def test_free_ports_are_distinct(self):
        self.assertEqual(len(set(free_ports(20))), 20)


class Memory(unittest.TestCase):
    def test_growth_beyond_a_bound_is_found(self):
        flat = [{"rss_mib": 50, "heap_mib": 2}, {"rss_mib": 55, "heap_mib": 2.1}]
        self.assertEqual(judge(flat, 16, 1), [])
        leak = [{"rss_mib": 50, "heap_mib": 2}, {"rss_mib": 70, "heap_mib": 5}, {"rss_mib": 50, "heap_mib": 2}]
        self.assertEqual(len(judge(leak, 16, 1)), 2)

    def test_a_process_without_a_managed_heap_is_judged_by_its_resident_memory(self):
        self.assertEqual(len(judge([{"rss_mib": 5, "heap_mib": None}, {"rss_mib": 50, "heap_mib": None}], 16, 1)), 1)


class Needs(unittest.TestCase):
    def test_only_what_the_chosen_series_use_is_installed_and_built(self):
        tools, builds = compare.needs(compare.arguments(["--series", "filters"]))
        self.assertEqual(builds, ["filterproxy", "NoOpFilters"])
        self.assertNotIn("haproxy=haproxy", tools)
        tools, builds = compare.needs(compare.arguments(["--all"]))
        self.assertEqual(builds, ["filterproxy", "yarp", "NoOpFilters", "PacedClient"])
        self.assertLessEqual({"h2load=nghttp2-client", "curl=curl", "openssl=openssl", "haproxy=haproxy"}, set(tools))

    def test_nothing_is_built_when_that_is_asked_or_when_series_are_only_listed(self):
        for option in ("--no-build", "--list"):
            self.assertEqual(compare.needs(compare.arguments(["--all", option]))[1], [])

    def test_unknown_series_are_refused(self):
        with contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit):
            compare.arguments(["--series", "small-get,nope"])
        self.assertIn("nope", said.getvalue())

    def test_the_shell_is_told_a_line_each(self):
        with contextlib.redirect_stdout(io.StringIO()) as told:
            needs.main(["memory", "--target", "haproxy"])
        self.assertIn("tool haproxy=haproxy\n", told.getvalue())
        self.assertNotIn("build", told.getvalue())


class AllSeries(unittest.TestCase):
    def test_names_of_points_and_contenders_are_unique(self):
        for series in SERIES.values():
            self.assertEqual(len({p.label for p in series.points}), len(series.points))
            for point in series.points:
                self.assertEqual(len({c.name for c in point.contenders}), len(point.contenders))

    def test_every_bar_and_pair_names_somebody_who_takes_part(self):
        for series in SERIES.values():
            for point in series.points:
                names = {c.name for c in point.contenders}
                for bar in point.bars:
                    wanted = {bar.subject or "filterproxy", *(verdicts.PEERS if bar.against == "best" else [bar.against] if bar.against else [])}
                    self.assertLessEqual(wanted, names, series.name)
                    self.assertIn(bar.figure, verdicts.FIGURES)
                self.assertLessEqual({n for pair in point.pairs for n in pair}, names)

    def test_thousands_of_connections_are_measured_longer(self):
        self.assertEqual({p.traffic.connections: p.longer for p in SERIES["connections"].points}, {1: 1, 16: 1, 256: 1, 1024: 1, 5000: 2})

    def test_all_of_them_take_about_an_hour(self):
        options = compare.arguments(["--all"])
        self.assertLess(sum(compare.estimate(s, options) for s in SERIES.values()), 4200)

    def test_the_bars_are_those_that_were_agreed(self):
        bars = {(s.name, p.label, b.subject, b.figure, b.most, b.against, b.stretch) for s in SERIES.values() for p in s.points for b in p.bars
                if b.against != "yarp"}
        self.assertEqual(bars, {(*key, *bar) for key, some in {
            ("small-get", "64 connections", None, "cpu_us"): [(1.0, "best", 0.85)],
            ("connections", "256 connections", None, "cpu_us"): [(1.0, "best", None)],
            ("two-cores", "64 connections", None, "cpu_us"): [(1.0, "best", 0.8)],
            ("bodies", "64 KiB replies, 64 connections", None, "cpu_us"): [(1.0, "best", None)],
            ("bodies", "10 MiB replies, 16 connections", None, "cpu_us"): [(0.9, "haproxy", None)],
            ("uploads", "1 MiB uploads, 16 connections", None, "cpu_us"): [(1.0, "best", None)],
            ("tls-h1", "TLS, 64 connections", None, "cpu_us"): [(1.35, "best", 1.15)],
            ("tls-h2", "HTTP/2 over TLS", None, "cpu_us"): [(1.2, "haproxy", 1.0), (1.0, "nginx", None)],
            ("filters", "small GET, 64 connections", "10 filters", "cpu_us"): [(1.05, "no filters", None)],
            ("cache-hit", "600 bytes", None, "cpu_us"): [(0.6, "nginx", None)],
            ("cache-hit", "64 KiB", None, "cpu_us"): [(0.6, "nginx", None)],
            ("limited", "429", None, "cpu_us"): [(1.0, "best", None)],
            ("waf", "64 connections", "filterproxy + waf", "cpu_us"): [(0.5, "nginx + libmodsecurity", 0.2)],
            ("latency", "50% of the peak", None, "p999"): [(1.2, "best", None)],
            **{("memory", "10,000 idle connections", f"filterproxy, {io}", figure): [(most, None, None)]
               for io in ("direct", "sockets") for figure, most in (("loaded_mb", 100), ("idle_kib", 12))},
        }.items() for bar in some})

    def test_a_proxy_is_warm_when_its_compiler_rests(self):
        for took, loads in (((0, 3, 4, 4.03), 3), ((0, 0), 1), (tuple(range(20)), 4)):
            process = mock.Mock(compiler_seconds=mock.Mock(side_effect=[s for pair in zip(took, took[1:]) for s in pair]))
            runner = Runner(Contender("filterproxy"), process, 1)
            with mock.patch.object(contest, "generate") as generate, contextlib.redirect_stdout(io.StringIO()):
                contest.until_compiled(runner, Traffic(), mock.Mock(), 16)
            self.assertEqual(generate.call_count, loads)

    def test_the_time_of_the_compiler_is_that_of_its_threads(self):
        for name, compiles in ((".NET Tiered Com", True), (".NET TP Worker", False)):
            work = f"import ctypes; ctypes.CDLL(None).prctl(15, {name.encode()!r})\nwhile True: pass"
            child = Process("busy", ["python3", "-c", work], "0", os.path.join(tempfile.mkdtemp(), "log"))
            try:
                until = time.monotonic() + 10
                while child.cpu_seconds() < 0.3 and time.monotonic() < until:
                    time.sleep(0.01)
                self.assertEqual(child.compiler_seconds() > 0, compiles)
            finally:
                child.stop()

    def test_where_a_refusal_is_the_answer_what_is_let_through_is_the_error(self):
        def errors(refused, status):
            return expect(Load(1000, 1, 0, {}, {"status": refused, "read": 1}), Traffic(status=status)).errors

        self.assertEqual(errors(1000, 429), {"read": 1, "not refused": 0})
        self.assertEqual(errors(990, 429), {"read": 1, "not refused": 0})
        self.assertEqual(errors(989, 429), {"read": 1, "not refused": 11})
        self.assertEqual(errors(3, 200), {"read": 1, "status": 3})

    def test_contenders_take_turns_or_are_loaded_all_at_once(self):
        point = Point("point", Traffic(), (Contender("nginx"), Contender("haproxy")))
        runners = {c.key: Runner(c, None, 0) for c in point.contenders}
        for together, expected in ((False, [["nginx"], ["haproxy"], ["haproxy"], ["nginx"]]), (True, [["nginx", "haproxy"], ["haproxy", "nginx"]])):
            turns = []

            def measure_some(number, point, some):
                turns.append([runner.name for runner in some])
                return [{"target": runner.name, "rate": 1, "cpu_us": None, "p99": None, "problems": ""} for runner in some]

            with contextlib.redirect_stdout(io.StringIO()):
                samples = contest.interleave((point,), runners, argparse.Namespace(rounds=2, together=together), measure_some)
            self.assertEqual((turns, len(samples)), (expected, 4))

    def test_the_order_rotates(self):
        self.assertEqual([contest.rotated((1, 2, 3), n) for n in range(4)], [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 2, 3]])
        self.assertEqual(contest.rotated((), 2), [])


class Configurations(unittest.TestCase):
    def rendered(self, target, setup):
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder, "one")
            work.mkdir()
            with mock.patch.object(configs, "certificate", lambda work: (Path("c.pem"), Path("k.pem"), Path("b.pem"))):
                values = configs.values(target, setup, str(work), 1000, 2000, "0,1")
            text = render((targets.PERF / "proxies" / targets.all_targets()[target].template).read_text(), values)
            return text + "".join(file.read_text() for file in work.iterdir())

    def test_every_template_renders_for_every_setup_and_leaves_nothing_open(self):
        for setup in {c.setup for s in SERIES.values() for c in s.contenders()}:
            for target in ("filterproxy", "nginx", "haproxy"):
                self.assertNotRegex(self.rendered(target, setup), r"\$\{[A-Z_]+\}")

    def test_all_proxies_have_the_same_routes_over_the_same_clusters(self):
        pattern = {"filterproxy": r"path: /app(\d+)/\*.*cluster: c(\d)", "nginx": r"location /app(\d+)/ .*http://c(\d);", "haproxy": r"/app(\d+)/ c(\d)\n"}
        found = {name: re.findall(p, self.rendered(name, Setup(routes=100))) for name, p in pattern.items()}
        self.assertEqual(found["filterproxy"], [(str(i), str(i % 10)) for i in range(100)])
        self.assertTrue(found["filterproxy"] == found["nginx"] == found["haproxy"])

    def test_all_proxies_terminate_tls_with_the_same_certificate(self):
        for name in ("filterproxy", "nginx", "haproxy"):
            self.assertRegex(self.rendered(name, Setup(tls=True)), r"c\.pem|b\.pem")
            self.assertNotRegex(self.rendered(name, Setup()), r"pem")

    def test_both_firewalls_read_the_same_rules_and_refuse(self):
        for name, mode in (("filterproxy", "mode: block"), ("nginx", "SecRuleEngine On")):
            text = self.rendered(name, Setup(waf=True))
            self.assertTrue(all(str(file) in text for file in (*configs.WAF_RULES, mode)), text)
            self.assertNotRegex(self.rendered(name, Setup()), "modsecurity|Waf")

    def test_filters_are_as_many_as_asked_of_ten_classes(self):
        names = re.findall(r"noop_(\d)/(\d+)", self.rendered("filterproxy", Setup(filters=50)))
        self.assertEqual((len(names), len({c for c, _ in names}), len({i for _, i in names})), (50, 10, 50))

    def test_the_plain_setup_logs_nothing(self):
        for name in ("filterproxy", "nginx", "haproxy"):
            self.assertNotIn("access.log", self.rendered(name, Setup()))


class Rounds(unittest.TestCase):
    def problems(self, requests, received, opened=0, connections=4):
        return rounds.find_problems(Load(requests, 1, received, {}, {"read": 0}), Traffic(connections=connections), 1000, opened)

    def test_replies_of_another_length_are_a_problem_and_those_cut_off_at_the_end_are_not(self):
        self.assertEqual(self.problems(100, 100_000), [])
        self.assertEqual(self.problems(100, 103_900), [])
        self.assertEqual(len(self.problems(100, 98_000)), 1)
        self.assertEqual(len(self.problems(100, 106_000)), 1)

    def test_lost_keep_alive_is_a_problem(self):
        self.assertEqual(self.problems(100, 100_000, opened=64), [])
        self.assertEqual(len(self.problems(100, 100_000, opened=65)), 1)
        self.assertEqual(self.problems(100, 100_000, opened=1000, connections=500), [])

    def test_errors_are_problems(self):
        self.assertEqual(rounds.find_problems(Load(10, 1, 10_000, {}, {"read": 3}), SMALL_GET, 1000, 0), ["3 read errors"])

    def test_on_shared_cores_the_load_is_no_stranger(self):
        shared, apart = rounds.Bench(None, 0, "0,1", "0,1"), rounds.Bench(None, 0, "0", "1")
        self.assertEqual((shared.shared, apart.shared), (True, False))
        self.assertEqual(rounds.strangers(shared, 1.0, 0.75, 2.0, 2.0), (0.25, 0.25))
        self.assertEqual(rounds.strangers(apart, 1.0, 0.75, 1.25, 1.0), (0.25, 0.25))

    def test_an_upload_that_did_not_arrive_whole_fails(self):
        runner = rounds.Runner(Contender("nginx"), None, 1)
        for received, good in ((65536 + 200, True), (400, False)):
            with mock.patch.object(rounds, "fetch", lambda *_, **__: (200, json.dumps({"received": received}).encode(), 99)):
                if good:
                    self.assertEqual(rounds.check_reply(None, runner, Traffic("/upload", upload=65536)), 99)
                else:
                    self.assertRaises(Failure, rounds.check_reply, None, runner, Traffic("/upload", upload=65536))

    def test_cpu_time_is_read_finer_than_the_ticks_of_proc(self):
        with tempfile.TemporaryDirectory() as folder:
            process = Process("python", ["python3", "-c", "while True: pass"], str(min(os.sched_getaffinity(0))), Path(folder, "log"))
            try:
                deadline = time.monotonic() + 10
                while process.cpu_seconds() < 0.02 and time.monotonic() < deadline:
                    time.sleep(0.001)
                seconds = process.cpu_seconds()
                self.assertGreater(seconds, 0)
                self.assertGreater(process.peak_rss_bytes(), 2**20)
            finally:
                process.stop()
        self.assertEqual(process.cpu_seconds(), 0)
        self.assertNotEqual(seconds * 100, int(seconds * 100))

    def test_idle_connections_that_were_closed_are_counted(self):
        pairs = [socket.socketpair() for _ in range(3)]
        pairs[1][1].close()
        self.assertEqual(footprint.count_closed([a for a, _ in pairs]), 1)
        for a, b in pairs:
            a.close()
            b.close()


class Reports(unittest.TestCase):
    series = SERIES["small-get"]

    def samples(self, problems=""):
        return [sample(name, n, cpu + 0.1 * n, problems=problems if name == "filterproxy" else "")
                for n in range(4) for name, cpu in (("filterproxy", 20.0), ("nginx", 25.0), ("haproxy", 24.0))]

    def text(self, samples, series=None):
        series = series or self.series
        return report.render(series, series.points, samples, {}, "filterproxy", "x")

    def test_the_bar_is_taken_against_the_better_proxy(self):
        text = self.text(self.samples())
        self.assertIn("at most 1.00 of haproxy (the better of nginx and haproxy) | 0.83 (0.83 to 0.84) | **met** | 0.85: met |", text)
        self.assertIn("| CPU per request | filterproxy | nginx | 4 | 0.80 |", text)
        self.assertIn("of yarp |  | **not measured** |", text)

    def test_a_run_with_problems_says_so_first(self):
        text = self.text(self.samples("3 read errors"))
        self.assertLess(text.index("This run failed"), text.index("| target"))
        self.assertIn("round 1, 64 connections, filterproxy: 3 read errors", text)

    def test_one_round_gives_no_ratio(self):
        self.assertIn("too few rounds", self.text(self.samples()[:3]))

    def test_a_bar_without_another_proxy_is_taken_of_the_figure_itself(self):
        point = Point("p", SMALL_GET, (Contender("filterproxy"),), (Bar(12, None, figure="idle_kib"),))
        samples = [sample("filterproxy", n, None, point="p", idle_kib=value) for n, value in enumerate((11, 11.5, 13))]
        self.assertEqual(verdicts.judge(samples, point, point.bars[0]).says, "unresolved")
        self.assertEqual(verdicts.judge(samples[:2], point, point.bars[0]).says, "met")

    def test_latency_bars_are_taken_of_latency(self):
        point = SERIES["latency"].points[0]
        samples = [sample(name, n, 20.0, point=point.label, p999=p) for n in range(3) for name, p in (("filterproxy", 130), ("nginx", 100), ("haproxy", 120))]
        judged = verdicts.judge(samples, point, point.bars[0])
        self.assertIn("p99.9 at most 1.20 of nginx", judged.text)
        self.assertEqual(judged.says, "missed")

    def test_latencies_beside_a_full_load_generator_are_marked(self):
        series = SERIES["latency"]
        for busy, marked in ((0.95, True), (0.7, False)):
            samples = [sample(c.name, n, 20.0, point=p.label, load_busy=busy) for p in series.points for n in range(3) for c in p.contenders]
            self.assertEqual("as good as full" in self.text(samples, series), marked)

    def test_each_point_has_a_section_of_its_own(self):
        series = SERIES["bodies"]
        samples = [sample(c.name, n, 20.0, point=p.label) for p in series.points for n in range(3) for c in p.contenders]
        text = self.text(samples, series)
        for point in series.points:
            self.assertIn(f"## {point.label}\n", text)

    def test_every_kind_has_a_table_and_a_picture(self):
        more = {"start_mb": 1, "loaded_mb": 2, "after_mb": 3, "idle_mb": 4, "idle_kib": 5, "idle_from_start_kib": 6, "heap_mb": None, "late": 1}
        for kind in (LOAD, PACED, FOOTPRINT):
            series = next(s for s in SERIES.values() if s.kind == kind)
            samples = [sample(c.name, n, 20.0, point=p.label, **more) for p in series.points for n in range(3) for c in p.contenders]
            self.assertIn(f"| {series.points[0].contenders[0].name} | 3 |", self.text(samples, series).replace("direct to the origin", "direct"))
            picture = xml.dom.minidom.parseString(plot.render(series, series.points, samples))
            self.assertEqual(len(picture.getElementsByTagName("circle")), 2 * len(samples))

    def test_the_picture_shows_every_round(self):
        picture = xml.dom.minidom.parseString(plot.render(self.series, self.series.points, self.samples()))
        self.assertEqual(len(picture.getElementsByTagName("circle")), 2 * 12)

    def test_the_raw_figures_hold_every_measurement(self):
        kept = json.loads(report.raw("small-get", {"commit": "x"}, self.samples()))
        self.assertEqual([dict(zip(kept["columns"], row))["cpu_us"] for row in kept["samples"]][:3], [20.0, 25.0, 24.0])
        self.assertEqual(len(kept["samples"]), 12)

    def test_who_does_not_speak_a_protocol_says_why_without_the_folder_of_the_run(self):
        self.assertEqual(contest.reason(Failure("filterproxy ended at start with code 2:\n/tmp/w/f.yaml:6: no such protocol\n1 error"), "/tmp/w"),
                         "f.yaml:6: no such protocol")


class Features(unittest.TestCase):
    def test_bars_are_judged_by_the_rounds_of_those_they_name(self):
        rounds = [{variants.BASE: 20.0 + n, variants.QUIET: 19.8 + n, variants.TRACED: 21.0 + n} for n in range(6)]
        text = variants.render({}, rounds, [variants.BASE, variants.QUIET, variants.TRACED], variants.BASE, together=True)
        self.assertIn(f"| {variants.BASE} at most 1.03 of {variants.QUIET} | 1.009 |", text)
        self.assertRegex(text, r"tracing of 1 in 100 at most 1\.01 of defaults .* missed")
        self.assertNotIn("at most", variants.render({}, rounds, [variants.BASE], variants.BASE))

    def test_every_bar_names_two_variants(self):
        self.assertEqual([], [name for bar in variants.BARS for name in bar[:2] if name not in {**variants.VARIANTS, **variants.TOKENS}])


    def test_where_one_is_about_tokens_all_get_one(self):
        self.assertEqual((), variants.traffic_of([variants.BASE, variants.QUIET]).headers)
        self.assertIn("bearer", variants.traffic_of([variants.IGNORED, variants.REMEMBERED]).headers[0].lower())
        self.assertIn("FOLDER".lower(), variants.template_of(variants.REMEMBERED, "", "folder"))


class Beside(unittest.TestCase):
    def test_rounds_take_turns_and_the_work_ends_with_its_round(self):
        stops = []
        load = Load(10, 1.0, 100, {"p50": 1}, {})
        seen = [name for name, _ in beside.rounds(2, {"quiet": None, "busy": lambda stop: stops.append(stop.wait(10))}, lambda: load)]
        self.assertEqual(["quiet", "busy"] * 2, seen)
        self.assertEqual([True, True], stops)

    def test_work_that_fails_and_requests_that_fail_end_it(self):
        def broken(stop):
            raise OSError("gone")
        with self.assertRaisesRegex(Failure, "gone"):
            list(beside.rounds(1, {"busy": broken}, lambda: Load(1, 1.0, 1, {}, {})))
        with self.assertRaisesRegex(Failure, "requests failed"):
            list(beside.rounds(1, {"quiet": None}, lambda: Load(1, 1.0, 1, {}, {"status": 1})))

    def test_a_column_is_the_median_of_its_rounds_in_milliseconds(self):
        rows = [{"while": name, **dict.fromkeys(beside.PERCENTILES, us)} for name, us in (("a", 1000), ("a", 3000), ("a", 2000), ("b", 5000))]
        self.assertIn("| p99 | 2.00 | 5.00 |", beside.table(rows, {"a": "without", "b": "with"}))

    def test_a_scrape_is_counted_in_series(self):
        self.assertEqual(2, scrape.series_of(b"# TYPE a counter\na_total 1\nb{x=\"y\"} 2\n# EOF\n"))


if __name__ == "__main__":
    unittest.main()
