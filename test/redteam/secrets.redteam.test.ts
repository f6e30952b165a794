import { expect, it } from 'vitest';
import { findSecrets, makeSecrets } from './secrets.ts';

const secrets = makeSecrets();
const secret = secrets['model key'];

it.each([
  ['as it is', `key=${secret};`],
  ['in capitals', secret.toUpperCase()],
  ['reversed', Array.from(secret).reverse().join('')],
  ['in hex', Buffer.from(`x${secret}`).toString('hex')],
  ['in base64', Buffer.from(secret).toString('base64')],
  ['in base64, one byte later', Buffer.from(`a${secret}b`).toString('base64')],
  ['in base64, two bytes later', Buffer.from(`ab${secret}`).toString('base64')],
  ['in base64 with lines', Buffer.from(`ab${secret}`).toString('base64').replaceAll(/.{20}/g, '$&\n')],
  [
    'in base64 with lines, as JSON',
    JSON.stringify(Buffer.from(secret).toString('base64').replaceAll(/.{20}/g, '$&\n')),
  ],
  ['in base64 for URLs', Buffer.from(`abc${secret}`).toString('base64url')],
])('a secret is found %s', (_, text) => {
  expect(findSecrets(text, secrets)).toEqual(['model key']);
});

it('a secret is found in bytes, also in UTF-16', () => {
  expect(findSecrets(Buffer.from(`\0${secret}`, 'utf16le'), secrets)).toEqual(['model key']);
});

it('nothing is found where there is none', () => {
  expect(findSecrets(`planted-${'0'.repeat(24)} ${JSON.stringify(Object.keys(secrets))}`, secrets)).toEqual(
    [],
  );
});
