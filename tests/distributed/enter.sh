#!/bin/sh
# In place of ssh: a command on a host of hosts.sh, with a host name of its own.
while [ "${1#-}" != "$1" ]; do shift; done
host=elman$((${1##*.} - 1))
shift
exec ip netns exec "$host" unshare --uts sh -c "hostname $host; $*"
