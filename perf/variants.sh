#!/usr/bin/env bash
# What features cost: FilterProxy with one of them on or off against its defaults, in interleaved rounds. See perf/README.md.
#   perf/variants.sh [--rounds N] [--seconds S] [--only a,b] [--no-build]   (--help lists all)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
# shellcheck source=tools.sh
source "$here/tools.sh"

build=1
for argument in "$@"; do
  case $argument in
    --no-build | -h | --help) build= ;;
  esac
done

install_tools python3=python3 nginx=nginx wrk=wrk taskset=util-linux
if [[ -n $build && -z ${FILTERPROXY_BIN:-} ]]; then build_filterproxy; fi
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here"
exec python3 -m harness.variants "$@"
