import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import release from '../../../package.json' with { type: 'json' };
import { openApiDocument } from './openapi.ts';
import { httpStatusOf, wireErrorSchema } from './wire-error.ts';

const committed = new URL('../openapi.json', import.meta.url);

const operationSchema = z.object({ responses: z.record(z.string(), z.object({ description: z.string() })) });
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
});

describe('the OpenAPI document', () => {
  it('is committed as the schemas generate it', async () => {
    expect(
      JSON.parse(await readFile(committed, 'utf8')),
      'packages/protocol/openapi.json is out of date: run `npm run openapi`',
    ).toEqual(openApiDocument(release.version));
  });

  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(
      structuredClone(openApiDocument(release.version)),
    );
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('documents every error code under its own status', () => {
    const documented = Object.values(documentSchema.parse(openApiDocument(release.version)).paths)
      .flatMap((path) => Object.values(path))
      .flatMap(({ responses }) => Object.entries(responses))
      .flatMap(([status, { description }]) =>
        Array.from(description.matchAll(/`(\w+)`/g), ([, code]) => `${code ?? ''} ${status}`),
      );
    const expected = wireErrorSchema.shape.code.options.map((code) => `${code} ${httpStatusOf(code)}`);
    expect([...new Set(documented)].sort()).toEqual(expected.sort());
  });
});
