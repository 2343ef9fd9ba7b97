#!/usr/bin/env bash
# Runs a command as in a container: its own root, of which nothing can be written but what is mounted for it, as a user without
# rights, in the network of a process that holds one. As root; the process stays the one that was started, so signals reach it.
#
#   enter-image.sh HOLDER IMAGE ETC SECRETS NODE USER WORKDIR MOUNTS -- COMMAND …
#
# MOUNTS: `folder:place` for volumes and `tmpfs:place`, a space between. The environment is the command's.
set -euo pipefail
if [ "${1-}" != --entered ]; then
  exec nsenter --net="/proc/$1/ns/net" unshare --mount --uts --ipc --propagation private "$0" --entered "${@:2}"
fi
image=$2 etc=$3 secrets=$4 node=$5 user=$6 workdir=$7 mounts=$8
shift 9

root=$(mktemp --directory)
mount -t tmpfs -o mode=0755 cairn-root "$root"
readonly_bind() { mount --bind "$1" "$2" && mount -o remount,bind,ro "$2"; }

# What Debian-slim has: its programs and libraries. Neither /home nor the repository is there.
mkdir -p "$root"/{usr,etc,cairn,dev,proc,tmp,run/secrets,node,var/lib}
for each in bin sbin lib lib64; do [ -L "/$each" ] && cp -P "/$each" "$root/$each"; done
readonly_bind /usr "$root/usr"
readonly_bind "$image/cairn" "$root/cairn"
readonly_bind "$etc" "$root/etc"
readonly_bind "$secrets" "$root/run/secrets"
readonly_bind "$(dirname "$node")" "$root/node"
mount --bind /proc "$root/proc"
mount --rbind /dev "$root/dev"
for each in $mounts; do
  place=$root${each#*:}
  mkdir -p "$place"
  if [ "${each%%:*}" = tmpfs ]; then mount -t tmpfs -o size=64m,mode=1777 tmpfs "$place"; else mount --bind "${each%%:*}" "$place"; fi
done
mount -o remount,ro "$root"

exec chroot "$root" /usr/bin/setpriv --reuid="${user%:*}" --regid="${user#*:}" --clear-groups --no-new-privs \
  --bounding-set=-all --inh-caps=-all /usr/bin/env --chdir="$workdir" PATH=/node:/usr/bin:/bin "$@"
