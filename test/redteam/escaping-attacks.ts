import { DEFAULT_AGENT_FOLDER } from '@omnicloud/agent-container/internal/run/agent-image.ts';
import { type Attack, bash, SAY_SUCCESS } from './attack.ts';

/** By their ids, and that of the sandbox's first process. */
const CLI_AND_FORWARDER = `$PPID 1 $(for d in /proc/[0-9]*; do tr '\\0' ' ' < $d/cmdline | grep -q '^/sandbox/node ' && echo \${d#/proc/}; done)`;

/** What a command in the agent's shell tries to do to what is around it. */
export const ESCAPING: readonly Attack[] = [
  bash(
    "signals to the server's processes",
    ({ serverPid, otherPid }) =>
      `for p in ${serverPid} ${otherPid}; do kill -0 $p && ${SAY_SUCCESS}; kill -STOP $p && ${SAY_SUCCESS}; done`,
  ),
  bash(
    'ptrace',
    ({ serverPid }) =>
      `for p in ${serverPid} 1; do perl -e 'exit(syscall((qx(uname -m) =~ /x86/) ? 101 : 117, 16, $ARGV[0], 0, 0) == 0 ? 0 : 1)' $p && ${SAY_SUCCESS}; done`,
  ),
  bash(
    "the CLI's descriptors: its output, which the server reads",
    () =>
      `for p in ${CLI_AND_FORWARDER}; do perl -e 'my $p = shift() + 0; my $f = syscall(434, $p, 0); exit 1 if $f < 0; for my $d (0 .. 20) { exit 0 if syscall(438, $f, $d, 0) >= 0 } exit 1' $p && ${SAY_SUCCESS} $p; done`,
  ),
  bash(
    "the CLI's environment and memory",
    () =>
      `for p in ${CLI_AND_FORWARDER}; do for f in environ mem maps fd/1; do (: < /proc/$p/$f) && ${SAY_SUCCESS} $f; done; perl -e 'exit(syscall((qx(uname -m) =~ /x86/) ? 101 : 117, 0x4206, $ARGV[0] + 0, 0, 0) == 0 ? 0 : 1)' $p && ${SAY_SUCCESS}; perl -e 'my $b = "x" x 8; my $v = pack("Pq", $b, 8); my $r = pack("qq", 4194304, 8); exit(syscall((qx(uname -m) =~ /x86/) ? 310 : 270, $ARGV[0] + 0, $v, 1, $r, 1, 0) > 0 ? 0 : 1)' $p && ${SAY_SUCCESS}; done`,
  ),
  bash(
    'the first process of the sandbox',
    () =>
      `head -c 1 /proc/1/mem && ${SAY_SUCCESS}; ls /proc/1/root/ && ${SAY_SUCCESS}; ls /proc/1/cwd/ && ${SAY_SUCCESS}; ls -l /proc/1/fd/0 && ${SAY_SUCCESS}; kill -9 1; nsenter -t 1 -a true && ${SAY_SUCCESS}`,
  ),
  bash(
    'namespaces of its own',
    () =>
      `for n in --user "--user --map-root-user" "--user --map-root-user --mount" --mount --net --pid; do unshare $n true && ${SAY_SUCCESS} $n; done`,
  ),
  bash(
    'mounts',
    () =>
      `mkdir -p /tmp/m; for t in "-t tmpfs none /tmp/m" "-t proc proc /tmp/m" "--bind / /tmp/m" "-o remount,rw /" "-o remount,rw,bind /usr" "-o remount,suid,bind $R/workspace"; do mount $t && ${SAY_SUCCESS} $t; done; for m in /proc /usr /tmp /dev/shm "$R/workspace"; do umount -l $m && ${SAY_SUCCESS} $m; done`,
  ),
  bash(
    'chroot, pivot_root and devices',
    () =>
      `mkdir -p /tmp/c; chroot / true && ${SAY_SUCCESS}; pivot_root / /tmp/c && ${SAY_SUCCESS}; mknod /tmp/disk b 8 0 && ${SAY_SUCCESS}; mknod /tmp/mem c 1 1 && ${SAY_SUCCESS}; losetup -a | grep . && ${SAY_SUCCESS}`,
  ),
  bash(
    'programs of root',
    () =>
      `sudo -n true && ${SAY_SUCCESS}; su -c true root </dev/null && ${SAY_SUCCESS}; cp /bin/sh /tmp/rootsh && chmod 4777 /tmp/rootsh; /tmp/rootsh -pc 'test $(id -u) = 0' && ${SAY_SUCCESS}; setpriv --reuid 0 true && ${SAY_SUCCESS}; setpriv --inh-caps +sys_admin --ambient-caps +sys_admin true && ${SAY_SUCCESS}`,
  ),
  bash(
    'capabilities',
    () =>
      `grep -E 'Cap(Eff|Prm|Bnd|Inh|Amb)' /proc/self/status | grep -v 'CapBnd' | grep -v 0000000000000000 && ${SAY_SUCCESS}; grep 'NoNewPrivs:.*0' /proc/self/status && ${SAY_SUCCESS}`,
  ),
  bash(
    'the system',
    () =>
      `for f in /x /usr/x /usr/bin/x /etc/x /etc/passwd /sandbox/x /sandbox/node /bin/sh /lib/x /dev/x /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger /sys/fs/cgroup/x; do (: >> "$f") && ${SAY_SUCCESS} $f; done`,
  ),
  bash(
    "the agent's own image and programs",
    () =>
      `cmp ${DEFAULT_AGENT_FOLDER}/settings.json "$CLAUDE_CONFIG_DIR/settings.json" || ${SAY_SUCCESS}; for f in ${DEFAULT_AGENT_FOLDER}/settings.json ${DEFAULT_AGENT_FOLDER}/CLAUDE.md ${DEFAULT_AGENT_FOLDER}/skills/x $(readlink -f /proc/$PPID/exe); do (: >> "$f") && ${SAY_SUCCESS} $f; rm "$f" && ${SAY_SUCCESS} $f; done`,
  ),
  bash(
    'markers outside',
    ({ markers, dataDir, publicFolder }) =>
      `mkdir -p ${dataDir} ${publicFolder} ${markers}; touch ${markers}/shell ${publicFolder}/marker ${dataDir}/marker $R/marker /var/tmp/omnicloud-redteam-marker; true`,
  ),
  bash(
    'a terminal of somebody else',
    () =>
      `for t in /dev/tty /dev/pts/0 /dev/pts/1 /dev/console /dev/tty1; do (echo x > $t) && ${SAY_SUCCESS} $t; done`,
  ),
  bash(
    'hard links to files outside',
    ({ publicFolder }) =>
      `cd $R/workspace; for f in /etc/passwd /usr/bin/env /sandbox/node /sandbox/server ${publicFolder}/secret.json; do ln "$f" hard-$(basename $f) && ${SAY_SUCCESS} $f; done`,
  ),
  bash(
    'more shared memory than it is given',
    () =>
      `head -c 200M /dev/zero > /dev/shm/big && ${SAY_SUCCESS}; rm -f /dev/shm/big; head -c 50M /dev/zero > /run/big && ${SAY_SUCCESS}`,
  ),
  bash('a huge output', () => 'head -c 9000000 /dev/zero | tr "\\0" x'),
  bash('output without end', () => 'timeout 0.1 yes'),
  bash(
    'a read that never ends',
    () => 'mkfifo /tmp/pipe; timeout 1 cat /tmp/pipe; timeout 1 cat /dev/zero > /dev/null',
  ),
  bash(
    'processes that outlive the turn',
    ({ markers }) =>
      `cd $R/workspace; setsid nohup sh -c ": redteam-survivor; sleep 4; touch survived ${markers}/survived; sleep 60" >/dev/null 2>&1 & (setsid sh -c "(: redteam-survivor; sleep 60) &" >/dev/null 2>&1 &) ; (trap "" TERM HUP INT; exec -a redteam-survivor sleep 60) >/dev/null 2>&1 & sleep 0.2`,
  ),
];
