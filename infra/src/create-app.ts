import { App, Tags } from 'aws-cdk-lib';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { acknowledgeFindings } from './findings/acknowledge-findings.ts';
import { type Artifacts, OmniCloudStack } from './stack/omnicloud-stack.ts';
import { switchesOf } from './switches.ts';

export interface OmniCloudApp {
  readonly app: App;
  readonly stack: OmniCloudStack;
}

/**
 * @param context switches by name, under those that the CLI hands over
 * @param outdir where the templates go; the CLI's choice unless given
 * @throws SwitchError naming every switch that is wrong or missing
 */
export function createApp(
  artifacts: Artifacts,
  context: Readonly<Record<string, string | boolean>> = {},
  outdir?: string,
): OmniCloudApp {
  // The library is pinned exactly, so its recommendations change only when it does.
  const app = new App({ context: { ...featureFlags, ...context }, ...(outdir ? { outdir } : {}) });
  const stack = new OmniCloudStack(app, switchesOf(app.node), artifacts);
  acknowledgeFindings(stack);
  Tags.of(stack).add('omnicloud:deployment', stack.stackName);
  return { app, stack };
}
