// an image's root → its programs, its server by HTTP and as a function, what its user may not → figures, or the first thing that is not so
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { decodeEvents } from '@omnicloud/protocol';
import { type ScriptedModel, startScriptedModel } from '../fakes/scripted-model.ts';
import { restApiEvent } from '../lambda/events.ts';
import { PLATFORM_ENVIRONMENT } from '../lambda/function-environment.ts';
import { readStreamedResponse } from '../lambda/http-response.ts';
import { startRuntimeApi } from '../lambda/runtime-api.ts';

const RUN = fileURLToPath(new URL('run-image.sh', import.meta.url));
const TOKEN = 'image-check-service-token';
/** The image's own user, and one that it does not know, as Lambda's is. */
const OWN_UID = 10_001;
const FOREIGN_UID = 993;
const SECRETS = { SDK_CLIENT_AUTH_TOKEN: TOKEN, BEDROCK_SECRET_ACCESS_KEY: 'image-check-secret-key' };

const [root = ''] = process.argv.slice(2);
const declared = declaredEnvironment();
const model = await startScriptedModel();
try {
  checkPrograms();
  await checkHttp(model);
  await checkFunction(model);
} finally {
  await model.close();
}

/** What the Dockerfile declares with ENV: nothing but a container runtime reads it, and here is none. */
function declaredEnvironment(): string[] {
  return [
    'NODE_ENV=production LANG=C.UTF-8 HOME=/tmp AGENT_FOLDER=/app/agent WORK_ROOT=/tmp/omnicloud',
    'PYTHONDONTWRITEBYTECODE=1 HOST=127.0.0.1 PORT=0',
  ].flatMap((line) => line.split(' '));
}

function settings(changes: Readonly<Record<string, string>> = {}): string[] {
  const own = {
    DATA_DIR: '/tmp/data',
    CLAUDE_CODE_USE_BEDROCK: '1',
    BEDROCK_REGION: 'eu-central-1',
    BEDROCK_ACCESS_KEY_ID: 'AKIAIMAGECHECK',
    ANTHROPIC_BEDROCK_BASE_URL: model.baseUrl,
    ...SECRETS,
    ...changes,
  };
  return [...declared, ...Object.entries(own).map(([name, value]) => `${name}=${value}`)];
}

function checkPrograms(): void {
  const versions = [
    'node --version',
    'git --version',
    'rg --version | head -n 1',
    'python3 --version',
    'jq --version',
    'pdftotext -v 2>&1 | head -n 1',
    'TZ=Asia/Tokyo date +%Z | grep JST',
    'enosys --version',
    'python3 -m venv /tmp/venv && /tmp/venv/bin/pip --version',
    'which bc bzip2 curl file less make patch sqlite3 tree unzip xz zip >/dev/null && echo all of them',
    '/app/node_modules/@anthropic-ai/claude-agent-sdk-linux-*/claude --version',
  ];
  for (const command of versions) {
    const { status, stdout, stderr } = inside(OWN_UID, command);
    assert.equal(status, 0, `${command}: ${stderr}`);
    console.log(`${command.split(' ')[0]?.split('/').at(-1) ?? ''}: ${stdout.trim()}`);
  }
  const cli = '/app/node_modules/@anthropic-ai/claude-agent-sdk-linux-*/claude';
  for (const forbidden of [
    'cat /usr/local/bin/node',
    `cat ${cli}`,
    `chmod a+r ${cli}`,
    'touch /app/x',
    'touch /x',
    'touch /home/x',
  ]) {
    assert.notEqual(inside(OWN_UID, forbidden).status, 0, `${forbidden} must fail`);
  }
  assert.equal(inside(OWN_UID, 'touch /tmp/x').status, 0);
  assert.equal(inside(0, 'find / -xdev -perm /6000 -type f').stdout, '', 'no program gives another user');
}

function inside(uid: number, script: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('sh', [RUN, root, String(uid), ...declared, '/bin/sh', '-c', script], {
    encoding: 'utf8',
  });
}

function startImage(
  uid: number,
  environment: readonly string[],
): ChildProcess & { lines: AsyncIterable<string>; said: readonly string[] } {
  const child = spawn('sh', [RUN, root, String(uid), ...environment, '/app/entrypoint.sh'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  const lines = createInterface({ input: child.stdout }).on('line', (line) => said.push(line));
  return Object.assign(child, { lines, said });
}

/** As on Fargate, AgentCore Runtime or a laptop. */
async function checkHttp(scripted: ScriptedModel): Promise<void> {
  const beganMs = performance.now();
  const server = startImage(OWN_UID, settings());
  try {
    let port = 0;
    for await (const line of server.lines) {
      port = Number(/Listening on port (\d+)/.exec(line)?.[1] ?? 0);
      if (port > 0) break;
    }
    console.log(`HTTP: listening after ${Math.round(performance.now() - beganMs)} ms`);
    const url = `http://127.0.0.1:${port}`;
    assert.match(await (await fetch(`${url}/ping`)).text(), /"status":"Healthy","time_of_last_update":\d+/);
    scripted.reply('Hello from the image.');
    const askedMs = performance.now();
    const response = await fetch(`${url}/invocations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, accept: 'text/event-stream' },
      body: JSON.stringify({ chat_id: 1, user_message: 'Hello' }),
    });
    const events = await response.text();
    assert.match(events, /^data: \{"type":"accepted"/);
    assert.match(events, /"type":"answer","text":"Hello from the image\."/);
    assert.match(events, /"type":"finished"/);
    console.log(`HTTP: first turn, with the CLI's start, ${Math.round(performance.now() - askedMs)} ms`);
    checkSecrecy();
    process.kill(serverPid(), 'SIGTERM');
    const [code] = (await once(server, 'exit')) as [number | null];
    assert.equal(code, 0, 'SIGTERM must end it in order');
  } finally {
    server.kill('SIGKILL');
  }
}

/** The server's own user may not look into it, whoever started what. */
function checkSecrecy(): void {
  const pid = serverPid();
  for (const file of ['environ', 'mem', 'maps', 'fd/0']) {
    const looking = [
      '--reuid',
      String(OWN_UID),
      '--regid',
      String(OWN_UID),
      '--clear-groups',
      '--no-new-privs',
    ];
    const { status } = spawnSync('setpriv', [
      ...looking,
      '--inh-caps=-all',
      'head',
      '-c',
      '1',
      `/proc/${pid}/${file}`,
    ]);
    assert.notEqual(status, 0, `/proc/${pid}/${file} can be read by the server's user`);
  }
  console.log("the server's environment, memory, maps and descriptors are closed to its own user");
}

function serverPid(): number {
  const processes = execFileSync('ps', ['-u', String(OWN_UID), '-o', 'pid=,args='], { encoding: 'utf8' });
  return Number(/^\s*(\d+) node \/app\/http\.mjs$/m.exec(processes)?.[1]);
}

/** As on Lambda: another user, the runtime API, and a shell that is confined without namespaces. */
async function checkFunction(scripted: ScriptedModel): Promise<void> {
  const api = await startRuntimeApi();
  const beganMs = performance.now();
  const shell = { AGENT_SHELL: 'on', AGENT_NETWORK: 'on' };
  process.env.NO_NAMESPACES = '1';
  const child = startImage(
    FOREIGN_UID,
    settings({ ...PLATFORM_ENVIRONMENT, AWS_LAMBDA_RUNTIME_API: api.address, ...shell }),
  );
  try {
    await Promise.race([
      api.ready,
      api.initError.then((error) => assert.fail(`${error.errorType}: ${error.errorMessage}`)),
    ]);
    console.log(`function: ready after ${Math.round(performance.now() - beganMs)} ms`);
    assert.match(
      child.said.join('\n'),
      /calls are closed to it as well \(enosys\)/,
      'the second wall must hold',
    );
    const look = 'git --version && rg --version | head -n 1 && python3 -c "print(6 * 7)" && id -u';
    scripted.reply({ type: 'tool_use', name: 'Bash', input: { command: look } });
    scripted.reply('Looked.');
    const askedMs = performance.now();
    const event = restApiEvent('POST', '/session/create', {
      headers: { authorization: `Bearer ${TOKEN}`, accept: 'application/x-ndjson' },
      body: JSON.stringify({ chat_id: 2, user_message: 'Look around' }),
    });
    const { statusCode, body } = await readStreamedResponse(await api.invoke(event).response);
    assert.equal(statusCode, 200);
    const types: string[] = [];
    for await (const { type } of decodeEvents(body)) types.push(type);
    assert.equal(types.at(-1), 'finished');
    const seen = JSON.stringify(scripted.requests.at(-1)?.body.messages);
    assert.match(seen, /git version/);
    assert.match(seen, /42\\n993/);
    console.log(`function: first turn with a shell command, ${Math.round(performance.now() - askedMs)} ms`);
  } finally {
    // The server itself ends a moment after what started it, and closes the output with that.
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
    await api.close();
  }
}
