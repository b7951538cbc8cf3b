#!/usr/bin/env bash
# The OWASP Core Rule Set in FilterProxy's waf and in nginx's libmodsecurity over the same requests; writes perf/results/. See perf/README.md.
#   perf/waf.sh [--quick] [--rounds N] [--seconds S] [--no-build] ...   (--help; the options of compare.sh)
set -euo pipefail
# shellcheck source=tools.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
run_harness compare --series waf "$@"
