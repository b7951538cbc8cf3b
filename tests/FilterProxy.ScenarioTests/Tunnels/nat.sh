#!/bin/sh
# Networks of a test's own: an internet with a server, and two networks behind routers that translate addresses (NAT) and let nothing in that was not asked for. Both inner
# networks have the same addresses, as two homes do.
#
#   visitor 192.168.1.2 - router 198.51.100.10 -+
#                                               +- internet - server 198.51.100.1
#   agent   192.168.1.2 - router 198.51.100.20 -+
#
# usage: nat.sh check              says whether this machine has what it takes
#        nat.sh run PROXY FOLDER   starts PROXY with FOLDER/server.yaml, agent.yaml and visitor.yaml, each in its network, and then does what it reads:
#                                    nat plain | nat random | nat silent   both routers keep ports, make new ones for each destination, or pass no datagrams
#                                    bytes                                 bytes that the server's network has carried, both ways
#                                  Each command is answered by a line. All ends with the standard input, or with this process.
set -eu
export PATH="$PATH:/usr/sbin:/sbin"

if [ "${INSIDE:-}" != yes ]; then
  INSIDE=yes exec unshare -r -n -m -p -f --kill-child sh "$0" "$@"
fi

inside() { net=$1; shift; nsenter --net="/run/netns/$net" "$@"; }

# A wire between two networks: place, its end's name and address there, and the same of the other.
wire() {
  ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
  inside "$1" ip address add "$3" dev "$2"
  inside "$4" ip address add "$6" dev "$5"
  inside "$1" ip link set "$2" up
  inside "$4" ip link set "$5" up
}

# To the internet, which is a bridge.
attach() {
  ip link add "to-${1%-router}" netns internet type veth peer name out netns "$1"
  inside internet ip link set "to-${1%-router}" master bridge
  inside internet ip link set "to-${1%-router}" up
  inside "$1" ip address add "$2" dev out
  inside "$1" ip link set out up
}

forward() { inside "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'; }

nat() {
  case $2 in
    plain) how=masquerade udp=accept ;;
    random) how='masquerade fully-random' udp=accept ;;
    silent) how=masquerade udp=drop ;;
    *) return 1 ;;
  esac
  inside "$1" nft -f - <<RULES
flush ruleset
table ip nat {
  chain out { type nat hook postrouting priority 100; oifname "out" $how; }
}
table ip filter {
  chain input { type filter hook input priority 0; policy accept; iifname "out" ct state new drop; }
  chain forward { type filter hook forward priority 0; policy accept; iifname "out" ct state new drop; meta l4proto udp $udp; }
}
RULES
}

build() {
  mount -t tmpfs none /run
  mkdir -p /run/netns
  for name in internet server visitor-router visitor agent-router agent; do
    ip netns add "$name"
    inside "$name" ip link set lo up
  done
  inside internet ip link add bridge type bridge
  inside internet ip link set bridge up
  attach server 198.51.100.1/24
  attach visitor-router 198.51.100.10/24
  attach agent-router 198.51.100.20/24
  for name in visitor agent; do
    wire "$name-router" in 192.168.1.1/24 "$name" eth 192.168.1.2/24
    inside "$name" ip route add default via 192.168.1.1
    forward "$name-router"
    nat "$name-router" plain
  done
}

build
if [ "$1" = check ]; then
  nat visitor-router random
  exit 0
fi

# What they say goes to standard error, and nothing to standard output but answers.
inside server "$2" run -c "$3/server.yaml" </dev/null >&2 &
inside agent "$2" agent -c "$3/agent.yaml" </dev/null >&2 &
inside visitor "$2" visit -c "$3/visitor.yaml" </dev/null >&2 &

while read -r command argument; do
  case $command in
    nat) nat visitor-router "$argument" && nat agent-router "$argument" && echo "nat $argument" ;;
    bytes) inside server sh -c "sed -n 's/^ *out: *//p' /proc/self/net/dev" | { read -r received _ _ _ _ _ _ _ sent _; echo "bytes $((received + sent))"; } ;;
    *) echo "unknown $command" ;;
  esac
done
