/** What the probe's script says by its exit code. */
export const SAW = { nothing: 42, server: 43, hidden: 44, cli: 45, noCli: 46, filter: 47 } as const;

/** By perl or python, whichever there is: may a process that runs beside it take the standard output of process $1, or trace it? */
const TAKES = `
takes() {
  case $(uname -m) in x86_64) trace=101 ;; aarch64) trace=117 ;; *) trace=-1 ;; esac
  perl -e 'my ($p, $t) = map { $_ + 0 } @ARGV; my $f = syscall(434, $p, 0);
    exit 0 if $f >= 0 && syscall(438, $f, 1, 0) >= 0;
    exit($t > 0 && syscall($t, 16, $p, 0, 0) == 0 ? 0 : 1)' "$1" "$trace" 2>/dev/null ||
  python3 -c 'import ctypes, sys
p, t = map(int, sys.argv[1:]); c = ctypes.CDLL(None).syscall; f = c(434, p, 0)
sys.exit(0 if f >= 0 and c(438, f, 1, 0) >= 0 or t > 0 and c(t, 16, p, 0, 0) == 0 else 1)' "$1" "$trace" 2>/dev/null
}`;

/**
 * By perl or python too: does the kernel refuse the most dangerous of the calls that the filter is to forbid, whichever way they are made? Each
 * is made with arguments that let it do nothing. On x86_64 each call has a second number, with this bit set, where the kernel was built for it
 * (X32); a filter that knows only the first one forbids nothing there.
 */
const FILTERS = `
filters() {
  case $(uname -m) in
  x86_64) calls="101 310 311 312 323 321 298 248 249 250 425 426 427 438 440" second=1073741863 ;;
  aarch64) calls="117 270 271 272 282 280 241 217 218 219 425 426 427 438 440" second= ;;
  *) return 1 ;;
  esac
  perl -e 'for (@ARGV) { $! = 0; my $r = syscall($_ + 0, -1, -1, 0, 0, 0, 0); exit 1 unless $r == -1 && $! == 38 }' $calls $second 2>/dev/null ||
  python3 -c 'import ctypes, sys
c = ctypes.CDLL(None, use_errno=True).syscall
for n in sys.argv[1:]:
    ctypes.set_errno(0)
    if c(int(n), -1, -1, 0, 0, 0, 0) != -1 or ctypes.get_errno() != 38: sys.exit(1)' $calls $second 2>/dev/null
}`;

/**
 * sh -c SCRIPT sh <id:start time of the server's processes> <the CLI> <files that must be hidden…>
 * In another process namespace an id may be somebody else's; only the time of the start tells. The CLI is the real one, started as a run
 * starts it, and it waits for its input.
 */
export const PROBE_SCRIPT = `${TAKES}${FILTERS}
for server in $1; do
  pid=\${server%:*} now=
  if read -r stat 2>/dev/null </proc/$pid/stat; then
    now=$(set -- \${stat##*) }; echo "\${20}")
  fi
  [ "$now" != "\${server#*:}" ] || for secret in environ mem maps fd; do
    ( : </proc/$pid/$secret ) 2>/dev/null && exit ${SAW.server}
  done
  [ "$now" != "\${server#*:}" ] || ! takes $pid || exit ${SAW.server}
done
cli=$2
shift 2
for place; do
  ( : <"$place" ) 2>/dev/null && exit ${SAW.hidden}
done
echo mine >file || exit 1
# A run that can change the mode of the CLI's file, or replace the file, could make it readable for the next run.
chmod a+r "$cli" 2>/dev/null && exit ${SAW.cli}
[ -w "\${cli%/*}" ] && exit ${SAW.cli}
mkfifo input || exit 1
exec 9<>input
HOME=$PWD CLAUDE_CONFIG_DIR=$PWD "$cli" --print --input-format stream-json --output-format stream-json --verbose \\
  <input >output 2>&1 &
pid=$! tries=0
until read -r name 2>/dev/null </proc/$pid/comm && [ "$name" != sh ]; do
  tries=$((tries + 1))
  [ $tries -lt 50 ] && kill -0 $pid 2>/dev/null || exit ${SAW.noCli}
  sleep 0.02
done
for secret in environ mem maps fd; do
  ( : </proc/$pid/$secret ) 2>/dev/null && kill -9 $pid && exit ${SAW.cli}
done
takes $pid && kill -9 $pid && exit ${SAW.cli}
kill -9 $pid 2>/dev/null || exit ${SAW.noCli}
filters && exit ${SAW.filter}
exit ${SAW.nothing}`;
