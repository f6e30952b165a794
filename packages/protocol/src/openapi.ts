import { z } from 'zod';
import { runEventSchema, runResponseSchema } from './run-event.ts';
import {
  MAX_IDEMPOTENCY_KEY_LENGTH,
  createSessionSchema,
  NDJSON_MEDIA_TYPE,
  routes,
  sendMessageSchema,
} from './run-request.ts';
import { ARCHIVE_MEDIA_TYPE, fileRoutes, sessionFilesSchema } from './session-files.ts';
import { errorBodySchema, httpStatusOf, type WireErrorCode } from './wire-error.ts';

const named = {
  CreateSession: createSessionSchema,
  SendMessage: sendMessageSchema,
  RunResponse: runResponseSchema,
  RunEvent: runEventSchema,
  ErrorBody: errorBodySchema,
  SessionFiles: sessionFilesSchema,
};

/** What either request may end in. */
const ANY_REQUEST: readonly WireErrorCode[] = [
  'bad_request',
  'key_reused',
  'unauthenticated',
  'not_found',
  'too_large',
  'over_budget',
  'model_refused',
  'model_declined',
  'model_no_access',
  'model_keys',
  'model_quota',
  'model_throttled',
  'model_unavailable',
  'context_full',
  'output_limit',
  'conversation_too_large',
  'disk_exceeded',
  'disk_full',
  'agent_unavailable',
  'agent_crashed',
  'agent_overran',
  'store_unavailable',
  'internal',
];

/** A create request that is repeated with its key meets its own first try. */
const SESSION_TAKEN: readonly WireErrorCode[] = ['session_busy', 'lease_lost'];

const SESSION_ID = {
  name: 'session_id',
  in: 'path',
  required: true,
  schema: { type: 'string', format: 'uuid' },
};

const INCLUDE_DEBUG = {
  name: 'include_debug',
  in: 'query',
  required: false,
  description: 'Whether `debug.txt` goes with it: the log tells of the server, and is for its owner',
  schema: { type: 'boolean', default: false },
};

const FILE_ID = { ...SESSION_ID, name: 'file_id' };

/**
 * @param version of the release.
 * @returns the agent API as an OpenAPI 3.1 document, generated from the very schemas both tiers parse with.
 */
export function openApiDocument(version: string): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'OmniCloud Agent: agent-container',
      version,
      description: 'One HTTP call is one turn of a durable agent session.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://127.0.0.1:8787', description: 'npm start' }],
    security: [{ bearer: [] }],
    paths: {
      [routes.create]: {
        post: operation('createSession', {
          summary: 'Start a session with its first message',
          body: 'CreateSession',
          parameters: [],
          errors: [...ANY_REQUEST, ...SESSION_TAKEN],
        }),
      },
      [routes.message.replace(':session_id', '{session_id}')]: {
        post: operation('sendMessage', {
          summary: 'Go on with a session',
          body: 'SendMessage',
          parameters: [SESSION_ID],
          errors: [...ANY_REQUEST, 'session_unknown', ...SESSION_TAKEN],
        }),
      },
      ...filePaths(),
      [routes.health]: {
        get: {
          operationId: 'health',
          summary: 'Whether the process answers',
          security: [],
          responses: {
            200: { description: 'It does', content: { 'application/json': { schema: { type: 'object' } } } },
          },
        },
      },
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: componentSchemas(),
    },
  };
}

/** Reading a stored session takes no lease and runs nothing. */
function filePaths(): Record<string, object> {
  const archive = { [ARCHIVE_MEDIA_TYPE]: { schema: { type: 'string', format: 'binary' } } };
  const bytes = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  const list = { 'application/json': { schema: reference('SessionFiles') } };
  const paths = [
    ['files', 'listFiles', "The files of the session's workspace, as the last saved turn left them", list],
    [
      'export',
      'exportSession',
      'The session as a .tar.gz: its conversation, its tasks and `workspace/`',
      archive,
    ],
    ['debug', 'exportDebug', 'The three objects of the session as a .tar.gz', archive],
    ['outbox', 'getSentFile', 'The content of a file that the agent sent to the chat', bytes],
  ] as const;
  return Object.fromEntries(
    paths.map(([route, operationId, summary, content]) => {
      const isOutbox = route === 'outbox';
      return [
        fileRoutes[route].replaceAll(/:(\w+)/g, '{$1}'),
        {
          get: {
            operationId,
            summary,
            parameters: [
              SESSION_ID,
              ...(isOutbox ? [FILE_ID] : []),
              ...(route === 'export' ? [INCLUDE_DEBUG] : []),
            ],
            responses: {
              200: { description: summary, content },
              ...failures([
                'bad_request',
                'unauthenticated',
                isOutbox ? 'not_found' : 'session_unknown',
                'agent_unavailable',
                'store_unavailable',
                'internal',
              ]),
            },
          },
        },
      ];
    }),
  );
}

function operation(
  operationId: string,
  {
    summary,
    body,
    parameters,
    errors,
  }: {
    readonly summary: string;
    readonly body: keyof typeof named;
    readonly parameters: object[];
    readonly errors: readonly WireErrorCode[];
  },
): object {
  return {
    operationId,
    summary,
    parameters: [
      ...parameters,
      {
        name: 'Idempotency-Key',
        in: 'header',
        required: false,
        description:
          'Names one turn: asked again with the same key, a saved turn is answered without a second run; another question under it is refused',
        schema: { type: 'string', maxLength: MAX_IDEMPOTENCY_KEY_LENGTH },
      },
    ],
    requestBody: { required: true, content: { 'application/json': { schema: reference(body) } } },
    responses: {
      200: {
        description: 'The answer: one body, or one event a line when the request accepts that',
        content: {
          'application/json': { schema: reference('RunResponse') },
          [NDJSON_MEDIA_TYPE]: { schema: reference('RunEvent') },
        },
      },
      ...failures(errors),
    },
  };
}

function failures(errors: readonly WireErrorCode[]): Record<string, object> {
  // Several codes share a status, and OpenAPI wants one description of each status.
  return Object.fromEntries(
    [...Map.groupBy(errors, httpStatusOf)].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\``).join(' or '),
        content: { 'application/json': { schema: reference('ErrorBody') } },
      },
    ]),
  );
}

function reference(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** Zod gathers what several schemas share under `__shared`; OpenAPI wants it beside the others. */
function componentSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id?: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const generated = z.toJSONSchema(registry, { io: 'input', uri: (id) => `#/components/schemas/${id}` });
  const { __shared: shared, ...own } = generated.schemas;
  const all: Record<string, Record<string, unknown>> = {
    ...own,
    ...(shared?.$defs as typeof own | undefined),
  };
  for (const schema of Object.values(all)) {
    delete schema.$schema;
    delete schema.$id;
    delete schema.id;
  }
  const text = JSON.stringify(all).replaceAll(
    '#/components/schemas/__shared#/$defs/',
    '#/components/schemas/',
  );
  return JSON.parse(text) as Record<string, unknown>;
}
