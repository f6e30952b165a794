import type { Ground } from './attack.ts';
import type { Secrets } from './secrets.ts';

/** One request as it goes over the wire: neither its path nor its headers are tidied. */
export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ApiAttack {
  readonly name: string;
  readonly requests: (ground: Ground, secrets: Secrets) => readonly RawRequest[];
}

export const JSON_TYPE = { 'Content-Type': 'application/json' };
export const SAY = JSON.stringify({ user_message: 'What do you know?' });
export const bearer = (token: string): Record<string, string> => ({
  Authorization: `Bearer ${token}`,
  ...JSON_TYPE,
});
export const ROUTES = ['files', 'export', 'debug'];

/** What comes over HTTP, with the neighbour's session id known. Each must be answered by an error, and have no effect. */
export const API_ATTACKS: readonly ApiAttack[] = [
  {
    name: "another chat's session without a token",
    requests: ({ neighbourId: id }) => [
      ...ROUTES.map((route) => ({ path: `/session/${id}/${route}` })),
      { method: 'POST', path: `/session/${id}/message`, headers: JSON_TYPE, body: SAY },
      {
        method: 'POST',
        path: '/session/create',
        headers: JSON_TYPE,
        body: JSON.stringify({ chat_id: 1, user_message: 'x' }),
      },
    ],
  },
  {
    name: "another chat's file, by a caller that names two conversations",
    requests: ({ neighbourId: id }, secrets) => {
      const asked = { user_message: 'Read it', attachments: [{ id: '1-0', name: 'theirs.txt' }] };
      const theirs = { metadata: { session_key: '8:0' } };
      const [headers, tenant] = [bearer(secrets['service token']), { 'x-session-key': '9:0' }];
      const post = (path: string, fields: object, more: object = {}): RawRequest => ({
        method: 'POST',
        path,
        headers: { ...headers, ...more },
        body: JSON.stringify({ ...asked, ...fields }),
      });
      return [
        post('/session/create', { chat_id: '9', ...theirs }),
        post('/session/create', { chat_id: '8' }, tenant),
        post(`/session/${id}/message`, theirs, tenant),
        post(`/session/${id}/message`, theirs),
      ];
    },
  },
  {
    name: "another chat's session with a wrong token",
    requests: ({ neighbourId: id }, secrets) =>
      [
        '',
        'undefined',
        'null',
        'Bearer',
        secrets['service token'].slice(0, -1),
        `${secrets['service token']}x`,
        secrets['service token'].toUpperCase(),
        secrets['bot token'],
        secrets['webhook secret'],
        'x'.repeat(10_000),
      ].flatMap((token) => [
        { path: `/session/${id}/export`, headers: bearer(token) },
        { method: 'POST', path: `/session/${id}/message`, headers: bearer(token), body: SAY },
      ]),
  },
  {
    name: 'the token elsewhere than in its header',
    requests: ({ neighbourId: id }, secrets) => {
      const token = secrets['service token'];
      return [
        { path: `/session/${id}/export?token=${token}&access_token=${token}` },
        {
          path: `/session/${id}/export`,
          headers: { Cookie: `token=${token}`, 'X-Authorization': `Bearer ${token}` },
        },
        { path: `/session/${id}/export`, headers: { Authorization: `Basic ${token}` } },
        { path: `/session/${id}/export`, headers: { 'Proxy-Authorization': `Bearer ${token}` } },
      ];
    },
  },
  {
    name: 'ways around the check of the token',
    requests: ({ neighbourId: id }) =>
      [
        `//session/${id}/export`,
        `/./session/${id}/export`,
        `/x/../session/${id}/export`,
        `/%73ession/${id}/export`,
        `/session%2F${id}%2Fexport`,
        `/SESSION/${id}/export`,
        `/session//${id}/export`,
        `/session/${id}/export/`,
        `/session/${id}/export;x`,
        `/session/${id}/export%00`,
        `/health/../session/${id}/export`,
        `http://127.0.0.1/session/${id}/export`,
      ].flatMap((path) => [
        { path },
        {
          path,
          headers: {
            'X-Original-URL': '/health',
            'X-Forwarded-For': '127.0.0.1',
            'X-HTTP-Method-Override': 'GET',
          },
        },
      ]),
  },
];
