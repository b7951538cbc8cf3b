#!/usr/bin/env bash
# Compares FilterProxy with nginx, HAProxy and YARP under equal conditions; writes perf/results/. See perf/README.md.
#   perf/compare.sh [--series NAME[,NAME...] | --all] [--quick] [--rounds N] [--seconds S] [--only a,b] [--no-build] ...   (--help, --list)
set -euo pipefail
# shellcheck source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
run_harness compare "$@"
