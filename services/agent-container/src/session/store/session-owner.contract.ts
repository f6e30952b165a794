import type { SessionTable } from '@omnicloud/storage';
import { describe, expect, it } from 'vitest';
import { ID, newMachine } from '../machine.fixture.ts';
import { isOwnSession } from './session-owner.ts';
import type { SessionStore } from './session-store.ts';

/** Both of one kind: of this machine, or of AWS. */
export interface OwnerScene {
  readonly store: SessionStore;
  readonly table: SessionTable;
}

const CLAIM = { fencingToken: 1, replaces: undefined };
const ANOTHER = '0190c8a4-0000-4000-8000-00000000000a';

/** Whose a session is, told by a real store and a real table. */
export function describeSessionOwner(name: string, open: () => Promise<OwnerScene>): void {
  describe(`${name}: a session belongs to`, () => {
    it('nobody before a turn is saved, and then to the conversation of that turn alone', async () => {
      const scene = await open();
      const machine = await newMachine(scene);
      expect(await isOwnSession('8:0', ID, scene)).toBe(false);
      await machine.save({ conversation: '8:0' });
      expect(await isOwnSession('8:0', ID, scene)).toBe(true);
      for (const other of [
        '9:0',
        '8:1',
        '-8:0',
        '8',
        '',
        '8_0',
        '8:0/',
        '../owners/8:0',
        '08:0',
        '8:0\n',
        'ID:0',
      ])
        expect(await isOwnSession(other, ID, scene), other).toBe(false);
      expect(await isOwnSession('8:0', ANOTHER, scene)).toBe(false);
    });

    it('its conversation also when that goes on with another one', async () => {
      const scene = await open();
      const machine = await newMachine(scene);
      await machine.save({ conversation: '8:0' });
      await scene.table.save('8:0', ANOTHER, CLAIM);
      expect(await isOwnSession('8:0', ID, scene)).toBe(true);
      expect(await isOwnSession('8:0', ANOTHER, scene)).toBe(true);
    });

    it('the supergroup that its group became, and to it alone while no turn was saved for it', async () => {
      const scene = await open();
      const machine = await newMachine(scene);
      await machine.save({ conversation: '-5:0' });
      await scene.table.save('-5:0', ID, CLAIM);
      await scene.table.inherit('-1005:0', '-5:0');
      expect(await isOwnSession('-1005:0', ID, scene)).toBe(true);
      expect(await isOwnSession('-1006:0', ID, scene)).toBe(false);
      await machine.save({ conversation: '-1005:0' });
      await scene.table.forget('-1005:0', ID);
      expect(await isOwnSession('-1005:0', ID, scene)).toBe(true);
    });

    it('nobody new by a turn of which nobody says whose it is', async () => {
      const scene = await open();
      const machine = await newMachine(scene);
      await machine.save({ conversation: '8:0' });
      await machine.save();
      await machine.save({ conversation: 'anything' });
      expect((await scene.store.list(`sessions/${ID}/owners/`)).map(({ key }) => key)).toEqual([
        `sessions/${ID}/owners/8_0`,
      ]);
    });
  });
}
