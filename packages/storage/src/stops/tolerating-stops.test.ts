import { expect, it } from 'vitest';
import { toleratingStops } from './tolerating-stops.ts';

it('takes nothing for stopped while that cannot be read, and reports each outage once', async () => {
  let isDown = true;
  const down = new Error('table down');
  const reported: unknown[] = [];
  const stops = toleratingStops(
    {
      request: () => Promise.reject(down),
      isStopped: () => (isDown ? Promise.reject(down) : Promise.resolve(true)),
    },
    (error) => reported.push(error),
  );
  expect(await stops.isStopped('1:0', 1)).toBe(false);
  expect(await stops.isStopped('1:0', 1)).toBe(false);
  expect(reported).toEqual([down]);
  isDown = false;
  expect(await stops.isStopped('1:0', 1)).toBe(true);
  isDown = true;
  expect(await stops.isStopped('1:0', 1)).toBe(false);
  expect(reported).toEqual([down, down]);
  await expect(stops.request('1:0', 2)).rejects.toBe(down);
});
