#!/bin/sh
# sh run-image.sh ROOT UID NAME=VALUE… -- COMMAND…: runs a command in an image's root, which nobody can write to but for /tmp.
set -eu
if [ "${1:-}" != --inside ]; then
  exec unshare --mount --pid --fork --kill-child -- sh "$0" --inside "$@"
fi
root=$2 uid=$3
shift 3
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=1777,nosuid,nodev tmp "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
# Lambda forbids namespaces; without their program there are none either.
[ -z "${NO_NAMESPACES:-}" ] || mount --bind /dev/null "$root/usr/bin/unshare"
cd "$root"
exec chroot "$root" /usr/bin/setpriv --reuid "$uid" --regid "$uid" --clear-groups \
  --no-new-privs --inh-caps=-all --bounding-set=-all --pdeathsig KILL -- \
  /usr/bin/env -i -C /app PATH=/usr/local/bin:/usr/bin:/bin "$@"
