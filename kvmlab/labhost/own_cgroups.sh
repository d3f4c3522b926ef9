#!/bin/sh
# An OCI hook (createRuntime): the container's cgroups become its root's, user id $1, so that systemd and libvirtd
# can make cgroups below them. The files with its limits stay the outside's.
set -eu
owner=$1
shift
pid=$(sed -n 's/.*"pid": *\([0-9][0-9]*\).*/\1/p')
while IFS=: read -r _ controllers path; do
    case $path in */libpod*) ;; *) continue ;; esac
    case $controllers in
    '') root=/sys/fs/cgroup; [ -e $root/cgroup.controllers ] || root=$root/unified ;;
    *) root=/sys/fs/cgroup/${controllers#name=} ;;
    esac
    for file in '' /cgroup.procs /cgroup.threads /cgroup.subtree_control /tasks; do
        [ ! -e "$root$path$file" ] || set -- "$@" "$root$path$file"
    done
done <"/proc/$pid/cgroup"
[ $# = 0 ] || chown "$owner:$owner" "$@"
