// the stage's stores → the agent server as a function, in an environment of one conversation → requests to it
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FORUM, PERSON } from '../fakes/telegram-server.ts';
import { restApiEvent } from '../lambda/events.ts';
import { bearer, type RawRequest, ROUTES } from './api-attacks.ts';
import { end } from './plant.fixture.ts';
import type { Stage } from './stage.fixture.ts';
import { WITHOUT_GUARDS } from './start-server.fixture.ts';
import { COMPILED } from '../compiled.ts';

/** One call of the function; the context says for whom its environment is. */
export interface Call {
  readonly event: unknown;
  readonly tenantId: string;
}

/** @property body in base64 */
export interface Answered {
  readonly status: number;
  readonly body: string;
}

/** The attacker's environment, on the same stores as the neighbour's. */
interface TenantEnvironment extends AsyncDisposable {
  send(request: RawRequest): Promise<{ status: number; body: Buffer }>;
}

const PROGRAM = fileURLToPath(new URL('tenant.process.ts', import.meta.url));
const TENANT = `${PERSON}:0`;
const NEIGHBOUR = `${FORUM}:0`;

/** @param without guards that let everything pass, by their names in `without-guards.mjs`. */
export async function openTenantEnvironment(
  stage: Stage,
  without: readonly string[] = [],
): Promise<TenantEnvironment> {
  const { secrets, model } = stage;
  const { dataDir } = stage.ground();
  const child = fork(PROGRAM, {
    execArgv: without.length > 0 ? ['--import', WITHOUT_GUARDS] : [],
    env: {
      ...COMPILED,
      PATH: process.env.PATH ?? '',
      DATA_DIR: dataDir,
      WORK_ROOT: join(dataDir, 'tenant'),
      AGENT_SHELL: 'off',
      SDK_CLIENT_AUTH_TOKEN: secrets['service token'],
      CLAUDE_CODE_USE_BEDROCK: '1',
      BEDROCK_REGION: 'us-east-1',
      BEDROCK_ACCESS_KEY_ID: 'AKIAREDTEAM',
      BEDROCK_SECRET_ACCESS_KEY: secrets['model key'],
      ANTHROPIC_BEDROCK_BASE_URL: model.baseUrl,
      ...(without.length > 0 ? { REDTEAM_WITHOUT: without.join(',') } : {}),
    },
    stdio: ['ignore', 'ignore', process.env.REDTEAM_LOG === undefined ? 'ignore' : 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('The function ended')));
  const heard = async (): Promise<Answered> => {
    const [answered] = (await Promise.race([once(child, 'message'), ended])) as [Answered];
    return answered;
  };
  await heard();
  return {
    send: async ({ method = 'GET', path, headers, body }) => {
      const call: Call = { event: restApiEvent(method, path, { headers, body }), tenantId: TENANT };
      child.send(call);
      const answered = await heard();
      return { status: answered.status, body: Buffer.from(answered.body, 'base64') };
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** Requests for a session, by a caller that names its own conversation, as it has to. */
export function asOneself(stage: Stage, sessionId: string): RawRequest[] {
  const headers = { ...bearer(stage.secrets['service token']), 'x-session-key': TENANT };
  const said = { user_message: 'What do you know?', metadata: { session_key: TENANT } };
  const post = (path: string, fields: object): RawRequest => ({
    method: 'POST',
    path,
    headers,
    body: JSON.stringify({ ...said, ...fields }),
  });
  return [
    ...[...ROUTES, `outbox/${sessionId}`].map((route) => ({
      path: `/session/${sessionId}/${route}`,
      headers,
    })),
    { path: `/session/${sessionId.toUpperCase()}/export`, headers },
    post(`/session/${sessionId}/message`, {}),
    post(`/session/${sessionId}/message`, { attachments: [{ id: '1-0', name: 'theirs.txt' }] }),
    post('/invocations', { session_id: sessionId }),
  ];
}

/** Requests for the neighbour's conversation, whoever they say that it is for. */
export function asNeighbour(stage: Stage): RawRequest[] {
  const { neighbourId: id } = stage.ground();
  const names = [
    undefined,
    '',
    NEIGHBOUR,
    `${TENANT}0`,
    `${TENANT},${NEIGHBOUR}`,
    ` ${NEIGHBOUR} `,
    TENANT.slice(0, -2),
  ];
  return names.flatMap((name) => {
    const headers = {
      ...bearer(stage.secrets['service token']),
      ...(name === undefined ? {} : { 'x-session-key': name }),
    };
    const post = (path: string, fields: object): RawRequest => ({
      method: 'POST',
      path,
      headers,
      body: JSON.stringify({ user_message: 'What do you know?', ...fields }),
    });
    return [
      ...ROUTES.map((route) => ({ path: `/session/${id}/${route}`, headers })),
      post(`/session/${id}/message`, {}),
      post(`/session/${id}/message`, { metadata: { session_key: NEIGHBOUR } }),
      post('/session/create', { chat_id: String(FORUM) }),
      post('/invocations', { session_id: id }),
      post('/invocations', { chat_id: String(FORUM) }),
    ];
  });
}
