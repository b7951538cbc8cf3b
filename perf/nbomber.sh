#!/usr/bin/env bash
# A load test with NBomber through FilterProxy, where NBomber's package can be restored. See docs/load-testing.md.
#   perf/nbomber.sh [--url URL] [--users N] [--rate N] [--seconds N] [--no-build]   (--help lists all)
# Ends with 0 when every request succeeded, 1 when one did not, 2 for a wrong argument, 3 where NBomber is not to be had.
set -euo pipefail
# shellcheck source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

probe() {
  local log
  log=$(mktemp)
  if ! dotnet restore "$perf/nbomber" >"$log" 2>&1; then
    grep -m1 -o 'error NU.*' "$log" | sed 's/ in source.*//' || true
    rm -f "$log"
    echo "nbomber: its package cannot be restored from the package sources of this machine; nothing was measured."
    echo "nbomber: docs/load-testing.md has the same tests with wrk and h2load."
    exit 3
  fi
  rm -f "$log"
}

case " $* " in
  *" -h "* | *" --help "*) ;;
  *) probe ;;
esac
run_harness nbomber "$@"
