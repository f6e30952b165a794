import { type ApiAttack, bearer, JSON_TYPE, ROUTES, SAY } from './api-attacks.ts';

/** What comes over HTTP with the right token, where there is one, but is no request. Each must be answered by an error, and have no effect. */
export const INPUT_ATTACKS: readonly ApiAttack[] = [
  {
    name: 'paths for ids',
    requests: ({ neighbourId: id, serverFolder }, secrets) =>
      [
        '..',
        '../..',
        '..%2f..',
        '%2e%2e%2f%2e%2e',
        `..%2f${id}`,
        `${id}%2f..%2f${id}`,
        `${id}%00`,
        id.replace('-', ''),
        `{${id}}`,
        encodeURIComponent(`${serverFolder}/.env`),
        '*',
        '%',
        '%ff',
        '__proto__',
        'constructor',
        '0',
        '00000000-0000-0000-0000-000000000000',
        'ffffffff-ffff-ffff-ffff-ffffffffffff',
      ].flatMap((name) => [
        ...ROUTES.map((route) => ({
          path: `/session/${name}/${route}`,
          headers: bearer(secrets['service token']),
        })),
        {
          method: 'POST',
          path: `/session/${name}/message`,
          headers: bearer(secrets['service token']),
          body: SAY,
        },
      ]),
  },
  {
    name: 'bodies that are no request',
    requests: (_, secrets) =>
      [
        '',
        'null',
        '[]',
        '"x"',
        '{',
        '{"chat_id":1}',
        '{"chat_id":"../1","user_message":"x"}',
        '{"chat_id":1,"user_message":""}',
        '{"chat_id":1,"user_message":7}',
        '{"chat_id":1e400,"user_message":"x"}',
        '{"chat_id":1,"user_message":"x","metadata":{"session_key":7}}',
        '{"__proto__":{"chat_id":1,"user_message":"x"}}',
        '['.repeat(100_000),
        '{"a":'.repeat(50_000),
        '\u0000',
      ].map((body) => ({
        method: 'POST',
        path: '/session/create',
        headers: bearer(secrets['service token']),
        body,
      })),
  },
  {
    name: 'bodies that are too large',
    requests: ({ neighbourId: id }, secrets) => [
      {
        method: 'POST',
        path: '/session/create',
        headers: bearer(secrets['service token']),
        body: JSON.stringify({ chat_id: 1, user_message: 'x'.repeat(3_000_000) }),
      },
      {
        method: 'POST',
        path: '/session/create',
        headers: bearer(secrets['service token']),
        body: JSON.stringify({ chat_id: 1, user_message: 'x'.repeat(200_001) }),
      },
      {
        method: 'POST',
        path: `/session/${id}/message`,
        headers: { ...bearer(secrets['service token']), 'Idempotency-Key': 'x'.repeat(129) },
        body: SAY,
      },
      { path: `/session/${id}/export`, headers: { 'X-Large': 'x'.repeat(100_000) } },
    ],
  },
  {
    name: 'the webhook without its secret',
    requests: (_, secrets) => {
      const update = {
        update_id: 990_000_001,
        message: {
          message_id: 1,
          date: 1,
          chat: { id: 1_000_001, type: 'private' },
          from: { id: 1_000_001, is_bot: false, first_name: 'You' },
          text: 'forged',
        },
      };
      const body = JSON.stringify(update);
      const header = (value: string): Record<string, string> => ({
        ...JSON_TYPE,
        'X-Telegram-Bot-Api-Secret-Token': value,
      });
      return [
        JSON_TYPE,
        header(''),
        header(secrets['webhook secret'].slice(1)),
        header(secrets['webhook secret'].toUpperCase()),
        header(secrets['service token']),
        { ...JSON_TYPE, Authorization: `Bearer ${secrets['webhook secret']}` },
      ].map((headers) => ({ method: 'POST', path: '/webhook', headers, body }));
    },
  },
  {
    name: 'other methods and routes',
    requests: ({ neighbourId: id }, secrets) =>
      [
        ['DELETE', `/session/${id}`],
        ['PUT', `/session/${id}/message`],
        ['GET', `/session/${id}/message`],
        ['PATCH', '/session/create'],
        ['TRACE', '/health'],
        ['GET', '/.env'],
        ['GET', '/../../.env'],
        ['GET', '/app/..%2f..%2f.env'],
        ['GET', '/demo-model/'],
        ['GET', '/page/state'],
        ['GET', '/bot/getMe'],
        ['GET', '/metrics'],
        ['POST', '/page/chats'],
        ['GET', `/objects/sessions/${id}/conversation.jsonl`],
      ].map(([method = '', path = '']) => ({
        method,
        path,
        headers: bearer(secrets['service token']),
        ...(method === 'GET' || method === 'TRACE' ? {} : { body: '{}' }),
      })),
  },
];
