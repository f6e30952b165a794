// npm run synth -- -c allowedUsers=… [-c <switch>=<value> …], and what the CDK's CLI runs: switches → template
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeArtifacts } from './artifacts.ts';
import { checkPolicies } from './check-policies.ts';
import { fallbackOutdir } from './config.ts';
import { createApp } from './create-app.ts';
import { SwitchError } from './switches.ts';

const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true } } });
const context = Object.fromEntries(
  (values.context ?? []).map((pair): [string, string] => {
    const [name = '', ...value] = pair.split('=');
    return [name, value.join('=')];
  }),
);
const outdir = fallbackOutdir(fileURLToPath(new URL('../dist/cdk.out', import.meta.url)));
try {
  const { app, stack } = createApp(await makeArtifacts(), context, outdir);
  checkPolicies(app);
  app.synth();
  if (outdir !== undefined) console.log(`The template is ${outdir}/${stack.templateFile}`);
} catch (error) {
  if (!(error instanceof SwitchError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
