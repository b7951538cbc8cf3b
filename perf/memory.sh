#!/usr/bin/env bash
# A million requests through the proxy in slices; fails when memory grows after the first slice. See perf/README.md.
#   perf/memory.sh [--requests N] [--slices N] [--target NAME] [--no-build] ...   (--help lists all)
set -euo pipefail
# shellcheck source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
run_harness memory "$@"
