import { Api } from 'grammy/web';
import { expect, it } from 'vitest';
import { uploadApi } from './upload-api.ts';

const api = new Api('1:a', { apiRoot: 'https://telegram.test', timeoutSeconds: 30 });

it('An upload has time for its size, on a slow line too', () => {
  const slowBytesPerSecond = 125_000;
  const seconds = uploadApi(api, 50_000_000).options?.timeoutSeconds ?? 0;
  expect(seconds).toBeGreaterThan(50_000_000 / slowBytesPerSecond);
  expect(seconds).toBeLessThan(600);
  expect(uploadApi(api, 1).options).toMatchObject({ apiRoot: 'https://telegram.test', timeoutSeconds: 31 });
});
