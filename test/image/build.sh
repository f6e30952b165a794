#!/usr/bin/env bash
# Proves the agent server's Dockerfile where there is neither a Docker daemon nor an image registry: a base from Debian's archive, the image
# by buildah, then its entry points, run as they are on Lambda and elsewhere. Needs root on Debian or Ubuntu, and 5 GB of disk.
#   test/image/build.sh [folder]
# Without a folder it uses /var/tmp/omnicloud-image, and keeps the layers there for the next run.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${1:-/var/tmp/omnicloud-image}
suite=trixie
mirror=http://deb.debian.org
mkdir -p "$work"
layers=()
(($#)) || layers=(--layers)

missing=()
for program in buildah debootstrap; do command -v "$program" >/dev/null || missing+=("$program"); done
if ((${#missing[@]})); then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

store=(buildah --root "$work/store" --runroot "$work/run" --storage-driver overlay)
base=localhost/debian-$suite
if ! "${store[@]}" inspect --type image "$base" >/dev/null 2>&1; then
  rm -rf "$work/base"
  debootstrap --variant=minbase "$suite" "$work/base" "$mirror/debian" >"$work/debootstrap.log"
  # As Debian's own images do: nobody loses anything when a half-built image is lost with its machine.
  echo force-unsafe-io >"$work/base/etc/dpkg/dpkg.cfg.d/unsafe-io"
  # A machine behind a proxy of its own trusts its certificate; so must what installs packages.
  mkdir -p "$work/base/usr/local/share/ca-certificates"
  find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$work/base/usr/local/share/ca-certificates/" \;
  container=$("${store[@]}" from scratch)
  "${store[@]}" add --quiet "$container" "$work/base" / >/dev/null
  "${store[@]}" commit --quiet "$container" "$base" >/dev/null
  "${store[@]}" rm "$container" >/dev/null
fi

SECONDS=0
"${store[@]}" build --isolation chroot --network host "${layers[@]}" --tag omnicloud-agent \
  --build-arg BASE="$base" --build-arg DEBIAN_URL="$mirror/debian" \
  --build-arg DEBIAN_SECURITY_URL="$mirror/debian-security" \
  --file services/agent-container/Dockerfile . >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log"; exit 1; }
echo "built in $SECONDS s"

container=$("${store[@]}" from omnicloud-agent)
trap '"${store[@]}" rm "$container" >/dev/null' EXIT
root=$("${store[@]}" mount "$container")
du -sh --apparent-size "$root" "$root/app" "$root/usr" | sed "s|$root|image |"
node scripts/run.mjs node test/image/check.ts "$root"
