#!/usr/bin/env bash
# Compares FilterProxy with nginx, HAProxy and YARP under equal conditions; writes perf/results/. See perf/README.md.
#   perf/compare.sh [--quick] [--rounds N] [--seconds S] [--only a,b] [--no-build] ...   (--help lists all)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
# shellcheck source=tools.sh
source "$here/tools.sh"

only= build=1 help=
arguments=("$@")
while (($#)); do
  case $1 in
    --only) only=${2:-} ;;
    --only=*) only=${1#*=} ;;
    --no-build) build= ;;
    -h | --help) help=1 ;;
  esac
  shift
done
wants() { [[ -z $only || ,$only, == *,$1,* ]]; }

if [[ -z $help ]]; then
  install_tools python3=python3 nginx=nginx haproxy=haproxy wrk=wrk taskset=util-linux
  if [[ -n $build ]]; then
    if wants filterproxy && [[ -z ${FILTERPROXY_BIN:-} ]]; then build_filterproxy; fi
    if wants yarp; then build_yarp || true; fi
  fi
fi
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here"
exec python3 -m harness.compare "${arguments[@]}"
