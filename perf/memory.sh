#!/usr/bin/env bash
# A million requests through the proxy in slices; fails when memory grows after the first slice. See perf/README.md.
#   perf/memory.sh [--requests N] [--slices N] [--target NAME] [--no-build] ...   (--help lists all)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
# shellcheck source=tools.sh
source "$here/tools.sh"

target=filterproxy build=1
arguments=("$@")
while (($#)); do
  case $1 in
    --target) target=${2:-} ;;
    --target=*) target=${1#*=} ;;
    --no-build | -h | --help) build= ;;
  esac
  shift
done

install_tools python3=python3 nginx=nginx h2load=nghttp2-client taskset=util-linux
if [[ $target == haproxy ]]; then install_tools haproxy=haproxy; fi
if [[ -n $build ]]; then
  if [[ $target == filterproxy && -z ${FILTERPROXY_BIN:-} ]]; then build_filterproxy; fi
  if [[ $target == yarp ]]; then build_yarp; fi
fi
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here"
exec python3 -m harness.memory "${arguments[@]}"
