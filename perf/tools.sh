# Sourced by the scripts beside it: installs the Debian tools they need and builds what they measure.
# shellcheck shell=bash

# install_tools command=package...
install_tools() {
  local pair packages=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || packages+=("${pair#*=}")
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

# build_filterproxy: into artifacts/bin/FilterProxy/release
build_filterproxy() {
  echo "Building FilterProxy (Release)"
  dotnet build -c Release -v q -nologo "$root/src/FilterProxy"
}

# build_yarp: false, with a plain message, where its package cannot be restored
build_yarp() {
  echo "Building the YARP baseline (Release)"
  local log
  log=$(mktemp)
  if ! dotnet build -c Release -v q -nologo "$root/perf/yarp" >"$log" 2>&1; then
    grep -m3 error "$log" || true
    echo "yarp: could not be built here; it is left out."
    rm -rf "$root/perf/yarp/bin"
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
