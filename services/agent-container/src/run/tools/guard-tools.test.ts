import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { guardTools, judgeWebCall } from './guard-tools.ts';
import { readImageTools } from './image-tools.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

describe('the web tools', () => {
  const bounds = { workspace: '/w', writable: ['/w'], readable: ['/w'], isShellOn: false };
  const ask = (tools: Parameters<typeof guardTools>[1]) =>
    guardTools(bounds, tools)(
      {
        hook_event_name: 'PreToolUse',
        tool_name: 'WebFetch',
        tool_input: { url: 'https://example.org/', prompt: 'x' },
      } as unknown as Parameters<ReturnType<typeof guardTools>>[0],
      undefined,
      { signal: new AbortController().signal },
    );

  it('are denied unless the image lists them', async () => {
    expect(await ask(['Read'])).toMatchObject({ hookSpecificOutput: { permissionDecision: 'deny' } });
    expect(await ask(['WebFetch'])).toMatchObject({ hookSpecificOutput: { permissionDecision: 'allow' } });
  });

  it.each([
    'http://localhost/',
    'http://127.0.0.1:9001/2018-06-01/runtime',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://printer.local./',
    'http://db.internal/',
    'http://intranet/',
    'file:///etc/passwd',
    'ftp://example.org/',
    'nothing',
  ])('do not reach %s', (url) => {
    expect(judgeWebCall('WebFetch', { url })).toMatchObject({ allow: false });
  });

  it('reach the public web, and search it by the provider', () => {
    expect(judgeWebCall('WebFetch', { url: 'https://example.org/a?b' })).toEqual({ allow: true });
    expect(judgeWebCall('WebFetch', {})).toMatchObject({ allow: false });
    expect(judgeWebCall('WebSearch', { query: 'x' })).toEqual({ allow: true });
  });

  it('say at once that there is no network, but search: that is the provider’s', () => {
    const fetched = judgeWebCall('WebFetch', { url: 'https://example.org/' }, true);
    expect(fetched).toMatchObject({
      allow: false,
      reason: expect.stringContaining('AGENT_NETWORK') as string,
    });
    expect(judgeWebCall('WebSearch', { query: 'x' }, true)).toEqual({ allow: true });
  });
});

describe('what the image says about tools', () => {
  it('is the file tools and the safest mode, when it says nothing', async () => {
    const { tools, permissionMode, model } = await readImageTools(await temporaryDirectory());
    expect(tools).toEqual(expect.arrayContaining(['Read', 'Write', 'Edit', 'Glob', 'Grep']));
    expect(tools).not.toContain('WebFetch');
    expect([permissionMode, model]).toEqual(['dontAsk', undefined]);
  });

  it('is what its files say', async () => {
    const folder = await temporaryDirectory();
    const tools = { permissionMode: 'acceptEdits', tools: ['Read', 'WebFetch'] };
    await writeFile(join(folder, 'tools.json'), JSON.stringify(tools));
    await writeFile(join(folder, 'settings.json'), '{"model":"my-model"}');
    expect(await readImageTools(folder)).toEqual({ ...tools, model: 'my-model' });
  });

  it.each([
    '{',
    '{"tools":["Bash"]}',
    '{"tools":["read"]}',
    '{"permissionMode":"bypassPermissions"}',
    '{"x":1}',
  ])('is refused when it is %s', async (text) => {
    const folder = await temporaryDirectory();
    await writeFile(join(folder, 'tools.json'), text);
    await expect(readImageTools(folder)).rejects.toThrow();
  });
});
