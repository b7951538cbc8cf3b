#!/usr/bin/env bash
# Installs what the tests need, builds the solution, runs every test project and closes with one line:
#   N passed, M failed, K skipped
# Exit code: 0 when nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'USAGE'
usage: tests/run.sh [--full] [--list-skips]

  --full        everything there is: long suites too, the tests of the load harness, and the conformance drivers of a
                shared/conformance folder beside the checkout, when there is one
  --list-skips  only print what the last run skipped, one 'name — reason' a line

Variables: CONFIGURATION (default Release), TEST_HANG_LIMIT (default 10m: a test that runs longer is ended and has failed).
USAGE
}

readonly results=artifacts/test-results
full=no
for argument in "$@"; do
  case $argument in
    --full) full=yes ;;
    --list-skips) cat "$results/skips.txt" 2>/dev/null; exit ;;
    -h | --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
done

readonly configuration=${CONFIGURATION:-Release}
readonly folder=${configuration,,}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1
passed=0 failed=0 skipped=0

say() { printf '%s\n' "$*"; }
heading() { printf '\n== %s\n' "$*"; }

# ---------------------------------------------------------------- what the tests need

has() { command -v "$1" >/dev/null 2>&1; }
has_chromium() { [[ -n ${CHROMIUM_PATH:-} ]] || has chromium || has chromium-browser || has google-chrome || has google-chrome-stable; }

has_server() { has "$1" || [[ -x /usr/sbin/$1 ]]; }

missing_packages() {
  has curl || echo curl
  has node || echo nodejs
  has npm || echo npm
  has openssl || echo openssl
  has_chromium || echo chromium
  has_server haproxy || echo haproxy
  has_server nginx || echo nginx
  has pebble || echo pebble
  has nghttp || echo nghttp2-client
  has prometheus || echo prometheus
  has redis-server || echo redis-server
  has script || echo bsdutils
  [[ -d /usr/share/modsecurity-crs/rules ]] || echo modsecurity-crs
  has redis-benchmark || echo redis-tools
  has_server sshd || echo openssh-server
  has scp || echo openssh-client
  has ip || echo iproute2
  has unshare || echo util-linux
  has_server nft || echo nftables
  has_server dnsmasq || echo dnsmasq-base
  has dig || echo dnsutils
  [[ -d /usr/lib/postgresql ]] || echo postgresql
  has psql || echo postgresql-client
  if [[ $full == yes ]]; then
    has python3 || echo python3
    /usr/bin/python3 -c 'import yaml' 2>/dev/null || echo python3-yaml
    [[ -e /usr/lib/nginx/modules/ngx_http_modsecurity_module.so ]] || echo libnginx-mod-http-modsecurity
    has slowhttptest || echo slowhttptest
    has testssl || echo testssl.sh
  fi
}

prepare() {
  if ! has dotnet; then
    say "The .NET 10 SDK is missing: 'dotnet' is not on the path. See https://dotnet.microsoft.com/download/dotnet/10.0"
    exit 1
  fi
  if ! dotnet --version >/dev/null 2>&1; then
    dotnet --version
    exit 1
  fi

  local packages
  mapfile -t packages < <(missing_packages)
  if ((${#packages[@]} > 0)); then
    heading "Installing ${packages[*]}"
    install_packages "${packages[@]}" || say "Not installed. The tests that need them are skipped and say so."
  fi
}

install_packages() {
  if ! has apt-get; then
    say "Please install: $*"
    return 1
  fi
  if ((EUID != 0)); then
    say "Please run as root: apt-get install $*"
    return 1
  fi
  mkdir -p "$results"
  if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; } \
    >"$results/apt.log" 2>&1 </dev/null; then
    tail -n 5 "$results/apt.log"
    return 1
  fi
}

# The conformance material lies beside the checkout, or beside a folder of several checkouts.
find_conformance() {
  local at=$PWD
  while [[ $at != / ]]; do
    at=$(dirname "$at")
    if [[ -f $at/shared/conformance/h1vec.py ]]; then
      say "$at/shared/conformance"
      return
    fi
  done
}

# ---------------------------------------------------------------- counting

skip() { # name, reason
  printf '%s — %s\n' "$1" "$2" >>"$results/skips.txt"
  ((skipped += 1))
}

plain() { sed -e 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&#x[AaDd];/ /g; s/&amp;/\&/g'; }

# Outcomes are counted from the results themselves: the summary of a .trx leaves the skipped out.
count_outcomes() { grep -o '<UnitTestResult [^>]*>' "$1" 2>/dev/null | grep -c " outcome=\"$2\""; }

list_skipped() {
  awk '
    /<UnitTestResult / {
      name = ""
      if (/ outcome="NotExecuted"/) { name = $0; sub(/.* testName="/, "", name); sub(/".*/, "", name); reason = "" }
    }
    name != "" && /<(Message|StdOut)>/ && reason == "" {
      reason = $0; sub(/.*<(Message|StdOut)>/, "", reason); sub(/<.*/, "", reason)
    }
    name != "" && (/<\/UnitTestResult>/ || /<UnitTestResult [^>]*\/>/) { print name " — " reason; name = "" }
  ' "$1" | plain
}

run_project() { # project file
  local name trx log status filter=() p f s started=$SECONDS
  name=$(basename "$1" .csproj)
  trx=$results/$name.trx
  log=$results/$name.log
  rm -f "$trx"
  if [[ $full == no ]]; then
    filter=(--filter 'suite!=long')
  fi

  heading "$name"
  dotnet test "$1" -c "$configuration" --no-build --nologo "${filter[@]}" \
    --logger "console;verbosity=minimal" --logger "trx;LogFileName=$name.trx" --results-directory "$results" \
    --blame-hang --blame-hang-timeout "${TEST_HANG_LIMIT:-10m}" --blame-hang-dump-type none >"$log" 2>&1 </dev/null
  status=$?

  p=$(count_outcomes "$trx" Passed)
  f=$(count_outcomes "$trx" Failed)
  s=$(count_outcomes "$trx" NotExecuted)
  if ((status != 0 && f == 0)) || [[ ! -f $trx ]]; then
    say "The test run ended without results for every test (exit code $status)."
    ((f += 1))
  fi
  if ((f > 0)); then
    cat "$log"
  fi
  if ((s > 0)); then
    list_skipped "$trx" | tee -a "$results/skips.txt" | sed 's/^/skipped: /'
  fi
  say "passed $p, failed $f, skipped $s ($((SECONDS - started)) s)"
  ((passed += p, failed += f, skipped += s))
}

# ---------------------------------------------------------------- suites outside of dotnet test (--full)

run_harness_tests() {
  heading "Load harness (python)"
  if ! has python3; then
    skip perf.harness "python3 is not installed"
    return
  fi
  local log=$results/harness.log count bad
  (cd perf && python3 -m unittest discover -s harness/tests -t .) >"$log" 2>&1 </dev/null
  local status=$?
  count=$(sed -n 's/^Ran \([0-9]*\) test.*/\1/p' "$log")
  bad=$(grep -cE '^(FAIL|ERROR):' "$log")
  if ((status != 0)); then
    cat "$log"
    ((bad > 0)) || bad=1
  fi
  say "passed $((${count:-0} > bad ? ${count:-0} - bad : 0)), failed $bad"
  ((passed += ${count:-0} > bad ? ${count:-0} - bad : 0, failed += bad))
}

wait_for_port() { # port, process
  for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
    kill -0 "$2" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

run_conformance() {
  heading "Conformance: HTTP/1 request fixtures"
  if [[ -z $conformance ]]; then
    skip conformance.h1vec "there is no shared/conformance beside the checkout"
    return
  fi
  if ! has python3; then
    skip conformance.h1vec "python3 is not installed"
    return
  fi

  local origin control port origin_id proxy_id line log=$results/h1vec.log
  origin=$(free_port) control=$(free_port) port=$(free_port)
  cat >"$results/h1vec.yaml" <<YAML
listeners: { web: { address: "127.0.0.1:$port" } }
routes: [{ name: all, cluster: origin }]
clusters: { origin: { endpoints: ["127.0.0.1:$origin"] } }
YAML
  python3 "$conformance/upstream.py" "$origin" "$control" >"$results/upstream.log" 2>&1 </dev/null &
  origin_id=$!
  "artifacts/bin/FilterProxy/$folder/filterproxy" run -c "$results/h1vec.yaml" >"$results/h1vec-proxy.log" 2>&1 </dev/null &
  proxy_id=$!
  if wait_for_port "$origin" "$origin_id" && wait_for_port "$port" "$proxy_id"; then
    # The driver judges silence by the clock, which a busy machine can miss: what fails is asked once more.
    for _ in 1 2; do
      python3 "$conformance/h1vec.py" 127.0.0.1 "$port" >"$log" 2>&1 </dev/null
      grep -q ' 0 failed' "$log" && break
    done
  else
    cat "$results/upstream.log" "$results/h1vec-proxy.log" >"$log"
  fi
  kill "$origin_id" "$proxy_id" 2>/dev/null
  wait "$origin_id" "$proxy_id" 2>/dev/null

  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
  if [[ -z $line ]]; then
    cat "$log"
    ((failed += 1))
    return
  fi
  grep '^FAIL' "$log"
  local p=${line%% passed*} f=${line#*, }
  f=${f%% failed*}
  say "passed $p, failed $f"
  ((passed += p, failed += f))
}

# Third-party drivers close with "N passed, M failed": at least so many must pass, and no more may fail than are known to.
count_driver() { # log, failures that are known
  local line p f
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1)
  p=${line%% passed*} f=${line#*, } f=${f%% failed*}
  grep '^FAIL' "$1"
  say "passed ${p:-0}, failed ${f:-all} ($2 known)"
  ((passed += ${p:-0}))
  ((${f:-100000} <= $2)) || ((failed += 1))
}

run_crs() { # port, which tests
  /usr/bin/python3 "$conformance/crs_ftw.py" 127.0.0.1 "$1" --tests "$conformance/data/crs334-tests" --log "$results/crs-audit.log" --include "$2"
}

run_waf_conformance() {
  heading "Conformance: SecLang and the OWASP CRS"
  local rules=/usr/share/modsecurity-crs/rules log port origin proxy_id origin_id failing count passes again
  if [[ -z $conformance || ! -d $rules ]] || ! /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
    skip conformance.waf "needs shared/conformance beside the checkout, modsecurity-crs and python3-yaml"
    return
  fi

  log=$results/seclang.log
  python3 "$conformance/seclang.py" -- dotnet "artifacts/bin/FilterProxy.SecLangAdapter/$folder/FilterProxy.SecLangAdapter.dll" \
    "$conformance/data/seclang-op-files" >"$log" 2>&1 </dev/null
  count_driver "$log" 0

  log=$results/crs.log origin=$(free_port) port=$(free_port)
  cat >"$results/marker.conf" <<'CONF'
SecRule REQUEST_HEADERS:X-CRS-Test "@rx ^.*$" \
    "id:999999,pass,phase:1,log,msg:'X-CRS-Test %{MATCHED_VAR}',ctl:ruleRemoveById=1-999999"
SecAuditLogParts AHZ
CONF
  cat >"$results/crs.yaml" <<YAML
plugins: [Waf]
http: { underscores: allow }
listeners: { web: { address: "127.0.0.1:$port" } }
routes:
  - name: all
    cluster: origin
    filters:
      - waf:
          rules: [$PWD/conf/examples/waf/engine.conf, marker.conf, /etc/modsecurity/crs/crs-setup.conf, $rules/*.conf]
          paranoia: 4
          audit_log: { path: crs-audit.log, format: native }
clusters: { origin: { endpoints: ["127.0.0.1:$origin"] } }
YAML
  /usr/bin/python3 "$conformance/albedo.py" "$origin" >"$results/albedo.log" 2>&1 </dev/null &
  origin_id=$!
  "artifacts/bin/FilterProxy/$folder/filterproxy" run -c "$results/crs.yaml" >"$results/crs-proxy.log" 2>&1 </dev/null &
  proxy_id=$!
  if wait_for_port "$origin" "$origin_id" && wait_for_port "$port" "$proxy_id"; then
    run_crs "$port" "" >"$log" 2>&1 </dev/null
    # The driver takes a rule for silent when its line comes after that of the request behind it, which happens on a busy machine: what fails is
    # asked twice more.
    for _ in 1 2; do
      failing=$(sed -n 's/^FAIL \([^ ]*\) .*/\1/p' "$log" | paste -sd '|')
      [[ -n $failing ]] || break
      count=$(grep -c '^FAIL' "$log")
      passes=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$log" | tail -n 1)
      run_crs "$port" "^($failing)\$" >"$log.again" 2>&1 </dev/null
      again=$(grep -c '^FAIL' "$log.again")
      { grep '^FAIL' "$log.again"; echo "$((passes + count - again)) passed, $again failed"; } >"$log"
    done
  else
    cat "$results/albedo.log" "$results/crs-proxy.log" >"$log"
  fi
  kill "$origin_id" "$proxy_id" 2>/dev/null
  wait "$origin_id" "$proxy_id" 2>/dev/null
  # Those that docs/operations/waf.md names: what the proxy refuses before any filter, and statuses the upstream does not give.
  count_driver "$log" 12
}

run_h2spec() {
  heading "Conformance: h2spec, over TLS, in the clear, and beside HTTP/1"
  if ! has h2spec; then
    skip conformance.h2spec "h2spec is not installed (https://github.com/summerwind/h2spec)"
    return
  fi
  if ! has openssl; then
    skip conformance.h2spec "openssl is not installed"
    return
  fi

  local only mixed tls origin proxy_id p f part log=$results/h2spec.log
  only=$(free_port) mixed=$(free_port) tls=$(free_port) origin=$(free_port)
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -keyout "$results/h2spec.key" -out "$results/h2spec.pem" >/dev/null 2>&1
  cat >"$results/h2spec.yaml" <<YAML
listeners:
  only: { address: "127.0.0.1:$only", protocols: [http2] }
  mixed: { address: "127.0.0.1:$mixed", protocols: [http1, http2] }
  tls:
    address: "127.0.0.1:$tls"
    protocols: [http1, http2]
    filters: [ { tls: { certificates: [ { file: { cert: h2spec.pem, key: h2spec.key, default: true } } ] } } ]
  origin: { address: "127.0.0.1:$origin" }
routes:
  - { name: own, match: { listeners: [only, origin] }, respond: { status: 200, body: "The suite wants a body that is longer than one byte." } }
  - { name: upstream, match: { listeners: [mixed, tls] }, cluster: origin }
clusters: { origin: { endpoints: ["127.0.0.1:$origin"] } }
YAML
  "artifacts/bin/FilterProxy/$folder/filterproxy" run -c "$results/h2spec.yaml" >"$results/h2spec-proxy.log" 2>&1 </dev/null &
  proxy_id=$!
  : >"$log"
  if wait_for_port "$only" "$proxy_id" && wait_for_port "$mixed" "$proxy_id" && wait_for_port "$tls" "$proxy_id"; then
    h2spec -S -h 127.0.0.1 -p "$only" -o 5 >>"$log" 2>&1 </dev/null
    h2spec -S -h 127.0.0.1 -p "$tls" -t -k -o 5 >>"$log" 2>&1 </dev/null

    # All but a preface that is none: where HTTP/1 is spoken too, that is a bad request of HTTP/1 and answered as such.
    h2spec -S generic hpack http2/3.5/1 http2/4 http2/5 http2/6 http2/7 http2/8 -h 127.0.0.1 -p "$mixed" -o 5 >>"$log" 2>&1 </dev/null
  else
    cat "$results/h2spec-proxy.log"
  fi
  kill "$proxy_id" 2>/dev/null
  wait "$proxy_id" 2>/dev/null

  # "147 tests, 147 passed, 0 skipped, 0 failed", a line for each.
  p=0 f=0
  while read -r part; do
    ((p += $(sed -E 's/.* ([0-9]+) passed.*/\1/' <<<"$part"), f += $(sed -E 's/.* ([0-9]+) failed.*/\1/' <<<"$part")))
  done < <(grep -E '^[0-9]+ tests, ' "$log")
  if ((p == 0 || f > 0)); then
    cat "$log"
    ((f > 0)) || f=1
  fi
  say "passed $p, failed $f"
  ((passed += p, failed += f))
}

# A compiler of its own for each project starts cold, sixty times: one serves them all, and ends with the build.
build() {
  local server=filterproxy-tests-$$ status=0 id
  dotnet build FilterProxy.sln -c "$configuration" --nologo -v quiet -p:UseSharedCompilation=true -p:SharedCompilationId="$server" || status=$?
  id=$(pgrep -f -- "-pipename:$server") && kill "$id"
  return "$status"
}

# ---------------------------------------------------------------- run

prepare
rm -rf "$results"
mkdir -p "$results"
: >"$results/skips.txt"
conformance=$(find_conformance)
if [[ -n $conformance ]]; then
  export FILTERPROXY_CONFORMANCE_DATA=${FILTERPROXY_CONFORMANCE_DATA:-$conformance/data}
fi

heading "Building ($configuration)"
if ! build >"$results/build.log" 2>&1 </dev/null; then
  grep -E '(error|warning) ' "$results/build.log" | sort -u || cat "$results/build.log"
  say "The build failed."
  say "0 passed, 1 failed, 0 skipped"
  exit 1
fi

# Scenarios run over every transport, not only over those that differ most.
[[ $full == no ]] || export FILTERPROXY_TEST_FULL=1

for project in tests/*/*.csproj; do
  if grep -q 'Microsoft.NET.Test.Sdk' "$project"; then
    run_project "$project"
  fi
done

if [[ $full == yes ]]; then
  run_harness_tests
  run_conformance
  run_waf_conformance
  run_h2spec
fi

say ""
say "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
