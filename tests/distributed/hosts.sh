#!/bin/sh
# Hosts that are network namespaces of this machine, joined by a bridge: what MPI does between machines, on one. Root only.
#
#   hosts.sh up N               N hosts 10.77.0.1 ...
#   hosts.sh limit N [RATE]     what each may send, such as 1gbit; without RATE as fast as it can
#   hosts.sh run N COMMAND...   mpirun, from the first host, of one rank on each (MPICH)
#   hosts.sh down N
set -e
act=$1 count=$2
shift 2
each() { seq 0 $((count - 1)); }

limit() {
  for i in $(each); do
    ip netns exec elman$i tc qdisc del dev eth0 root 2>/dev/null || true
    [ $# -eq 0 ] || ip netns exec elman$i tc qdisc add dev eth0 root tbf rate "$1" burst 256kb latency 50ms
  done
}

case $act in
up)
  ip link add elmanbr type bridge
  ip link set elmanbr up
  for i in $(each); do
    ip netns add elman$i
    ip link add elmanv$i type veth peer name eth0 netns elman$i
    ip link set elmanv$i master elmanbr up
    ip -n elman$i address add 10.77.0.$((i + 1))/24 dev eth0
    ip -n elman$i link set eth0 up
    ip -n elman$i link set lo up
  done
  ;;
limit) limit "$@" ;;
run)
  hosts=$(for i in $(each); do printf '10.77.0.%s:1 ' $((i + 1)); done | sed 's/ $//; s/ /,/g')
  # By TCP: UCX finds that these hosts have one memory.
  export MPIR_CVAR_CH4_NETMOD=ofi FI_PROVIDER=tcp FI_TCP_IFACE=eth0
  exec ip netns exec elman0 mpirun -launcher ssh -launcher-exec "$(dirname "$(realpath "$0")")/enter.sh" \
    -iface eth0 -hosts "$hosts" -n "$count" "$@"
  ;;
down)
  for i in $(each); do
    ip link del elmanv$i || true  # a process that still runs there keeps the other end
    ip netns del elman$i || true
  done
  ip link del elmanbr
  ;;
esac
