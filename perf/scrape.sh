#!/usr/bin/env bash
# What clients notice while a collector reads 10,000 series. See perf/README.md.
#   perf/scrape.sh [--rate N] [--seconds N] [--no-build] ...   (--help lists all)
set -euo pipefail
# shellcheck source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
run_harness scrape "$@"
