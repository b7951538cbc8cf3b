#!/usr/bin/env bash
# Relays of bytes beside HAProxy's tcp mode: bulk with and without splice, round trips, idle connections. See perf/README.md.
#   perf/tcp.sh [--rounds N] [--megabytes N] [--idle N] [--no-build] ...   (--help lists all)
set -euo pipefail
# shellcheck source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
run_harness tcp "$@"
