#!/usr/bin/env bash
# Relays of datagrams: how many arrive, and what each costs. See perf/README.md.
#   perf/udp.sh [--rounds N] [--seconds N] [--no-build] ...   (--help lists all)
set -euo pipefail
# shellcheck source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
run_harness udp "$@"
