#!/usr/bin/env bash
# What features cost: FilterProxy with one of them on or off against its defaults, in interleaved rounds. See perf/README.md.
#   perf/variants.sh [--rounds N] [--seconds S] [--only a,b] [--no-build] ...   (--help lists all)
set -euo pipefail
# shellcheck source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
run_harness variants "$@"
