# Sourced by the scripts beside it: installs the Debian tools they need, builds what they measure, and runs the harness.
# shellcheck shell=bash
perf=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$perf")

# run_harness MODULE ARGUMENT...: installs and builds what perf/harness/MODULE.py needs for these arguments, then becomes it
run_harness() {
  export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$perf"
  install_tools python3=python3
  local module=$1 argument needs tools builds
  shift
  for argument in "$@"; do
    if [[ $argument == -h || $argument == --help ]]; then exec python3 -m "harness.$module" --help; fi
  done
  needs=$(python3 -m harness.needs "$module" "$@") || exit $?
  mapfile -t tools < <(sed -n 's/^tool //p' <<<"$needs")
  mapfile -t builds < <(sed -n 's/^build //p' <<<"$needs")
  install_tools "${tools[@]}"
  for argument in "${builds[@]}"; do build "$argument"; done
  exec python3 -m "harness.$module" "$@"
}

# install_tools command=package... (or the path of a file that is no command)
install_tools() {
  local pair packages=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || [[ -e ${pair%%=*} ]] || packages+=("${pair#*=}")
  done
  ((${#packages[@]})) || return 0
  if ! command -v apt-get >/dev/null || ((EUID != 0)); then
    echo "Missing: ${packages[*]}. Install them, or run this as root on Debian." >&2
    return 1
  fi
  echo "Installing ${packages[*]}"
  (
    # While this policy is there, the packages' own services do not start (Debian's invoke-rc.d asks it).
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
      trap 'rm -f "$policy"' EXIT
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod +x "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q && apt-get install -qy --no-install-recommends "${packages[@]}"
  ) >&2
}

# build filterproxy|yarp|PROJECT: the proxy unless FILTERPROXY_BIN names another, the YARP baseline, or a project of this folder
build() {
  case $1 in
    filterproxy)
      if [[ -z ${FILTERPROXY_BIN:-} ]]; then build_project FilterProxy "$root/src/FilterProxy"; fi
      ;;
    yarp) build_yarp ;;
    *) build_project "$1" "$perf/$1" ;;
  esac
}

# build_project NAME FOLDER: into artifacts/bin/NAME/release
build_project() {
  echo "Building $1 (Release)"
  dotnet build -c Release -v q -nologo "$2"
}

# build_yarp: a plain message where its package cannot be restored; the harness leaves it out then
build_yarp() {
  echo "Building the YARP baseline (Release)"
  local log
  log=$(mktemp)
  if ! dotnet build -c Release -v q -nologo "$perf/yarp" >"$log" 2>&1; then
    grep -m3 error "$log" || true
    echo "yarp: could not be built here; it is left out."
    rm -rf "$perf/yarp/bin"
  fi
  rm -f "$log"
}
