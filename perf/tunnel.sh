#!/usr/bin/env bash
# Reverse tunnels beside the same work without one: requests, bytes near and far, memory of many streams. See perf/README.md.
#   perf/tunnel.sh [--rounds N] [--megabytes N] [--delay MS] [--streams N] [--no-build] ...   (--help lists all)
set -euo pipefail
# shellcheck source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
run_harness tunnel "$@"
