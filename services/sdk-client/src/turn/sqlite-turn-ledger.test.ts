import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteTurnLedger } from './sqlite-turn-ledger.ts';
import { describeTurnLedger } from './turn-ledger.contract.ts';

describeTurnLedger('The SQLite ledger', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'omnicloud-ledger-'));
  const opened = [new SqliteTurnLedger(directory)];
  return {
    ledger: opened[0] ?? new SqliteTurnLedger(directory),
    reopen: () => {
      const again = new SqliteTurnLedger(directory);
      opened.push(again);
      return again;
    },
    close: async () => {
      for (const ledger of opened) ledger.close();
      await rm(directory, { recursive: true });
    },
  };
});
