// Writes the agent API's OpenAPI document; a test holds the committed file against the schemas.
import { writeFile } from 'node:fs/promises';
import { openApiDocument } from '@omnicloud/protocol';
import release from '../package.json' with { type: 'json' };

const target = new URL('../packages/protocol/openapi.json', import.meta.url);
await writeFile(target, `${JSON.stringify(openApiDocument(release.version), null, 2)}\n`);
