// npm run synth [-- -c <switch>=<value> …], and what the CDK's CLI runs: switches → template
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeArtifacts } from './artifacts.ts';
import { checkPolicies } from './findings/check-policies.ts';
import { fallbackOutdir } from './config.ts';
import { createApp } from './create-app.ts';
import { SwitchError } from './switches.ts';

/** No person's id: a template that was made only to be looked at lets nobody in. */
const NOBODY = '0';

const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true } } });
const context = Object.fromEntries(
  (values.context ?? []).map((pair): [string, string] => {
    const [name = '', ...value] = pair.split('=');
    return [name, value.join('=')];
  }),
);
const outdir = fallbackOutdir(fileURLToPath(new URL('../dist/cdk.out', import.meta.url)));
try {
  // Only the CDK's CLI deploys, and it has to say for whom.
  const isToBeLookedAt = outdir !== undefined && context.allowedUsers === undefined;
  const given = isToBeLookedAt ? { ...context, allowedUsers: NOBODY } : context;
  const { app, stack } = createApp(await makeArtifacts(), given, outdir);
  checkPolicies(app);
  app.synth();
  if (outdir !== undefined) console.log(`The template is ${outdir}/${stack.templateFile}`);
  if (isToBeLookedAt) console.log('It lets nobody in: -c allowedUsers=… says who may use the bot.');
} catch (error) {
  if (!(error instanceof SwitchError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
