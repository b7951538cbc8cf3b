"""The harness's own promises: python3 -m unittest discover -s perf -t perf"""

import struct
import unittest
import xml.dom.minidom

from harness import plot, report
from harness.dotnet_diagnostics import find_counter
from harness.load import parse_h2load, parse_wrk
from harness.memory import judge
from harness.process import Failure, cpu_count, cpu_ids, free_ports
from harness.series import SERIES
from harness.stats import bootstrap_median, calm, paired, verdict
from harness.targets import SMALL_BODY, render

WRK = """Running 3s test
REPORT {"requests":30,"duration_us":3000000,"bytes":900,"errors":{"connect":0,"read":1,"write":0,"status":2,"timeout":0},""" \
    """"latency_us":{"p50":900,"p99":1200,"p99.9":1300,"max":1400}}
"""

H2LOAD = """finished in 250.00ms, 400.00 req/s, 1.00MB/s
requests: 100 total, 100 started, 100 done, 99 succeeded, 1 failed, 1 errored, 0 timeout
status codes: 97 2xx, 0 3xx, 0 4xx, 2 5xx
traffic: 72.27KB (74000) total, 11.72KB (12000) headers (space savings 0.00%), 58.59KB (60000) data
"""


def sample(target, number, cpu, foreign=0.01, problems=()):
    return {"target": target, "round": number, "cpu_us": cpu, "rate": 1000.0, "latency_us": {"p50": 1, "p99": 2},
            "errors": {}, "busy": 0.9, "load_busy": 0.5, "rss": 2**20, "foreign": foreign, "load_foreign": 0.01,
            "origin_cpu_us": 9, "wrk_cpu_us": 8, "problems": list(problems)}


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


class Parsing(unittest.TestCase):
    def test_wrk_errors_are_counted(self):
        load = parse_wrk(WRK)
        self.assertEqual((load.rate, load.failed, load.latency_us["p99"]), (10.0, 3, 1200))

    def test_h2load_counts_failures_and_replies_that_are_not_2xx(self):
        load = parse_h2load(H2LOAD)
        self.assertEqual((load.requests, load.seconds, load.bytes), (100, 0.25, 74000))
        self.assertEqual(load.errors, {"failed": 1, "not 2xx": 2})

    def test_output_without_a_report_fails(self):
        for parse in (parse_wrk, parse_h2load):
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


class Reports(unittest.TestCase):
    series = SERIES["small-get"]

    def samples(self, problems=()):
        return [sample(name, n, cpu + 0.1 * n, problems=problems if name == "filterproxy" else ())
                for n in range(4) for name, cpu in (("filterproxy", 20.0), ("nginx", 25.0), ("haproxy", 24.0))]

    def test_the_bar_is_taken_against_the_better_proxy(self):
        text = report.render(self.series, self.samples(), {}, "filterproxy", "x.svg")
        self.assertIn("at most 1.15 of haproxy (the better of nginx and haproxy): **met**", text)
        self.assertIn("| nginx | 4 | 0.80 |", text)

    def test_a_run_with_problems_says_so_first(self):
        text = report.render(self.series, self.samples(["3 read errors"]), {}, "filterproxy", "x.svg")
        self.assertLess(text.index("This run failed"), text.index("| target"))
        self.assertIn("round 1, filterproxy: 3 read errors", text)

    def test_the_picture_is_well_formed_and_shows_every_round(self):
        picture = xml.dom.minidom.parseString(plot.render(self.series, self.samples()))
        self.assertEqual(len(picture.getElementsByTagName("circle")), 2 * 12)


if __name__ == "__main__":
    unittest.main()
