// Writes the agent API's OpenAPI document; a test holds the committed file against the schemas.
import { writeFile } from 'node:fs/promises';
import { openApiDocument } from '@omnicloud/protocol';

const target = new URL('../packages/protocol/openapi.json', import.meta.url);
await writeFile(target, `${JSON.stringify(openApiDocument(), null, 2)}\n`);
