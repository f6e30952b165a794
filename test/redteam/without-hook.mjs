// node --import without-hook.mjs: the server as it would be if its tool guard allowed everything
import { registerHooks } from 'node:module';

const ALLOW = { hookEventName: 'PreToolUse', permissionDecision: 'allow' };
registerHooks({
  load(url, context, next) {
    if (!url.endsWith('/run/guard-tools.ts')) return next(url, context);
    const source = `export const guardTools = () => async () => (${JSON.stringify({ hookSpecificOutput: ALLOW })});`;
    return { format: 'module', shortCircuit: true, source };
  },
});
