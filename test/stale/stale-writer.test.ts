import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'vitest';
import { letStaleWriterThaw } from './stale-writer.scenario.ts';

/** What a queue knows of its own deliveries is not what a turn leaves behind. */
const NOT_COMPARED = new Set(['queue.db']);

it('A process that was frozen past its lease writes nothing anywhere when it is thawed, and says so', () =>
  letStaleWriterThaw({ options: {}, everything }));

async function everything(dataDir: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  const objects = join(dataDir, 'objects');
  for (const entry of await readdir(objects, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found[path] = (await readFile(path)).toString('base64');
  }
  for (const name of await readdir(dataDir)) {
    if (name.endsWith('.db') && !NOT_COMPARED.has(name)) found[name] = rowsOf(join(dataDir, name));
  }
  return found;
}

function rowsOf(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    return tables.map(({ name }) => database.prepare(`SELECT * FROM "${String(name)}"`).all());
  } finally {
    database.close();
  }
}
