#!/bin/sh
# new namespaces → a root of tmpfs with the given places → old root detached → privileges given up → the command
# Runs as the first process of its process namespace, so whatever is inside ends with it. Any step that fails ends it: closed.
# sh enter-sandbox.sh [--ro P] [--rw P] [--as-ro SOURCE P] [--link TARGET P] [--text P TEXT] [--forward NODE SCRIPT PORT SOCKET]
#   --user root|mapped UID GID --limits PROCESSES 'OPTIONS OF PRLIMIT' --cwd D -- COMMAND…
set -eu
caller_path=$PATH
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
# When memory is short, the kernel ends what is inside before what is outside.
echo 800 2>/dev/null >/proc/self/oom_score_adj || :
# Covers a place that every Linux has and no program of the sandbox needs.
root=/sys
mount -t tmpfs -o mode=755,size=16m,nosuid,nodev sandbox "$root"

place() {
  if [ -d "$1" ]; then
    mkdir -p "$root$2"
  else
    mkdir -p "$root$(dirname "$2")"
    : >"$root$2"
  fi
  mount --rbind "$1" "$root$2"
}

# Mounts below the place keep flags of their own, so each is locked by itself.
lock() {
  while read -r _ _ _ _ point _; do
    # The kernel writes a space as \040.
    case $point in *\\*) point=$(printf "$(printf '%s' "$point" | sed 's/%/%%/g')") ;; esac
    case $point in "$root$1" | "$root$1"/*) mount -o "remount,bind,nosuid,$2" "$point" ;; esac
  done </proc/self/mountinfo
}

forward=
while [ "$1" != -- ]; do
  case $1 in
  --ro) place "$2" "$2"; lock "$2" ro,nodev; shift 2 ;;
  --rw) place "$2" "$2"; lock "$2" nodev; shift 2 ;;
  --as-ro) place "$2" "$3"; lock "$3" ro,nodev; shift 3 ;;
  --as-rw) place "$2" "$3"; lock "$3" nodev; shift 3 ;;
  --link) mkdir -p "$root$(dirname "$3")"; ln -s "$2" "$root$3"; shift 3 ;;
  --text) mkdir -p "$root$(dirname "$2")"; printf '%s' "$3" >"$root$2"; shift 3 ;;
  --forward) forward=1; node=$2 script=$3 port=$4 socket=$5; shift 5 ;;
  --loopback) ip link set lo up || ifconfig lo up; shift ;;
  --user) kind=$2 uid=$3 gid=$4; shift 4 ;;
  --limits) processes=$2 limits=$3; shift 3 ;;
  --cwd) cwd=$2; shift 2 ;;
  *) echo "enter-sandbox: $1?" >&2; exit 2 ;;
  esac
done
shift

mkdir -p "$root/dev/pts" "$root/dev/shm" "$root/proc" "$root/run"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,nosuid,noexec devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev shm "$root/dev/shm"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
# Shared memory that no process has mapped is nobody's, and so it is no more than /dev/shm holds. In pages.
echo 16384 2>/dev/null >"$root/proc/sys/kernel/shmall" || :
# One more is made below; it cannot raise the limit of this one, so nobody inside makes another.
[ "$kind" = root ] || echo 1 >"$root/proc/sys/user/max_user_namespaces"
mount -o remount,bind,ro,nosuid,nodev "$root"

cd "$root"
pivot_root . .
umount -l .
cd "$cwd"
# Whoever listens there knows from now on that what ends is the command.
{ echo entered >&3; } 2>/dev/null || :
exec 3>&-
# The kernel hands the server's session keyring down, with the keys in it; a new one is joined by a system call that needs perl.
case $(uname -m) in
x86_64) keyctl=250 ;;
aarch64) keyctl=219 ;;
*) keyctl=-1 ;;
esac
join='exit 1 if syscall(shift() + 0, 1, 0) < 0; exec @ARGV or exit 127'
perl -e "$join" "$keyctl" true 2>/dev/null || join=
as_user() {
  set -- setpriv --reuid "$uid" --regid "$gid" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all -- "$@"
  if [ "$join" ]; then perl -e "$join" "$keyctl" "$@"; else "$@"; fi
}
as_mapped() {
  set -- setpriv --no-new-privs unshare --user --map-user="$uid" --map-group="$gid" -- "$@"
  if [ "$join" ]; then perl -e "$join" "$keyctl" "$@"; else "$@"; fi
}
# Where users may make user namespaces, with mounts of their own in them, root's sandbox takes the last one too.
take_last='echo 1 >/proc/sys/user/max_user_namespaces
  uid=$1 gid=$2; shift 2
  exec unshare --user --map-user="$uid" --map-group="$gid" -- "$@"'
# Processes are counted for each user of a user namespace; without one of its own, the run would be counted with all others.
drop() {
  own="--nproc=$processes:$processes"
  if [ "$kind" != root ]; then
    # shellcheck disable=SC2086 # options, one a word
    as_mapped prlimit "$own" $limits -- env PATH="$caller_path" "$@"
  elif as_user unshare --user --map-root-user true 2>/dev/null; then
    as_user unshare --user --map-root-user sh -ec "$take_last" sh "$uid" "$gid" \
      prlimit "$own" $limits -- env PATH="$caller_path" "$@"
  else
    as_user prlimit $limits -- env PATH="$caller_path" "$@"
  fi
}
if [ "$forward" ]; then
  # Both run under the one user namespace that is left to make.
  drop sh -c 'node=$1 script=$2 port=$3 socket=$4; shift 4
    mkfifo /dev/shm/ready
    "$node" "$script" "$port" "$socket" >/dev/shm/ready 2>/dev/null &
    read -r _ </dev/shm/ready
    rm -f /dev/shm/ready
    exec "$@"' sh "$node" "$script" "$port" "$socket" "$@"
else
  drop "$@"
fi
