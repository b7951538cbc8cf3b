#!/usr/bin/env bash
# What clients notice of reloads with thousands of routes, and how long reading and compiling them takes. See perf/README.md.
#   perf/reload.sh [--routes N | --endpoints N] [--seconds N] [--no-build] ...   (--help lists all)
set -euo pipefail
# shellcheck source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
run_harness reload "$@"
