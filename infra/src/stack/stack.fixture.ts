import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { Code, DockerImageCode } from 'aws-cdk-lib/aws-lambda';
import { createApp, type OmniCloudApp } from '../create-app.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly [other: string]: unknown;
}

/** An app whose functions hold nothing: what they hold is not infrastructure. */
export function create(switches: Record<string, string> = {}): OmniCloudApp {
  const folder = mkdtempSync(join(tmpdir(), 'infra-'));
  writeFileSync(join(folder, 'index.mjs'), '');
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n');
  const program = { code: Code.fromAsset(folder), handler: 'index.handler' };
  const artifacts = {
    webhook: program,
    worker: program,
    authorizer: program,
    agentImage: DockerImageCode.fromImageAsset(folder),
  };
  const out = mkdtempSync(join(tmpdir(), 'infra-out-'));
  return createApp(
    artifacts,
    // Traces of where each construct was made take most of the time here.
    { 'aws:cdk:disable-stack-trace': true, allowedUsers: '4711', ...switches },
    out,
  );
}

export function synthesize(switches: Record<string, string> = {}): OmniCloudApp & { template: Template } {
  const created = create(switches);
  return { ...created, template: Template.fromStack(created.stack) };
}

/** @returns the resources of one type by their logical ids. */
export function resourcesOf(template: Template, type: string): Record<string, Resource> {
  return template.findResources(type) as Record<string, Resource>;
}

/** @returns the one function whose role, API or environment the pattern finds in its logical id. */
export function functionOf(template: Template, pattern: RegExp): Resource {
  const found = Object.entries(resourcesOf(template, 'AWS::Lambda::Function')).filter(([id]) =>
    pattern.test(id),
  );
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${found.length} functions match ${pattern.source}`);
  return only[1];
}
