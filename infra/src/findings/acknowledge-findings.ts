// what scanners find and we do on purpose → cdk-nag's acknowledgements, and the other scanners' marks in the template
import { CfnResource, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { findingsOf } from './findings.ts';
import type { OmniCloudStack } from '../stack/omnicloud-stack.ts';

interface Mark {
  readonly rule: string;
  readonly reason: string;
}

/**
 * Who finds a rule broken, by how its rules are named, and how each is told in a resource's metadata that it is known:
 * https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html, https://github.com/stelligent/cfn_nag#per-resource-rule-suppression,
 * https://github.com/aws-cloudformation/aws-guard-rules-registry#guard-rules-suppression, https://github.com/aws-cloudformation/cfn-lint#metadata
 */
const SCANNERS: readonly {
  readonly tool: string;
  readonly names: RegExp;
  readonly told: (marks: readonly Mark[]) => object;
}[] = [
  {
    tool: 'checkov',
    names: /^CKV_/,
    told: (marks) => ({ skip: marks.map(({ rule, reason }) => ({ id: rule, comment: reason })) }),
  },
  {
    tool: 'cfn_nag',
    names: /^W\d{2}$/,
    told: (marks) => ({ rules_to_suppress: marks.map(({ rule, reason }) => ({ id: rule, reason })) }),
  },
  {
    tool: 'cfn-lint',
    names: /^W\d{4}$/,
    told: (marks) => ({ config: { ignore_checks: marks.map(({ rule }) => rule) } }),
  },
  {
    tool: 'guard',
    names: /^[A-Z0-9]+(_[A-Z0-9]+)+$/,
    told: (marks) => ({ SuppressedRules: marks.map(({ rule }) => rule) }),
  },
];

/** Every scanner is clean but for these, and each is told the reason where it looks for it. */
export function acknowledgeFindings(stack: OmniCloudStack): void {
  const marks = new Map<CfnResource, Mark[]>();
  for (const { rules, at, reason } of findingsOf(stack)) {
    for (const rule of rules) {
      for (const construct of at) {
        if (!isOfAnotherScanner(rule)) Validations.of(construct).acknowledge({ id: rule, reason });
        else
          marks.set(resourceOf(construct), [...(marks.get(resourceOf(construct)) ?? []), { rule, reason }]);
      }
    }
  }
  for (const [resource, all] of marks) tell(resource, all);
}

function isOfAnotherScanner(rule: string): boolean {
  return SCANNERS.some(({ names }) => names.test(rule));
}

function tell(resource: CfnResource, marks: readonly Mark[]): void {
  for (const { tool, names, told } of SCANNERS) {
    const own = marks.filter(({ rule }) => names.test(rule));
    if (own.length > 0) resource.addMetadata(tool, told(own));
  }
}

function resourceOf(construct: IConstruct): CfnResource {
  const resource = construct instanceof CfnResource ? construct : construct.node.defaultChild;
  if (!(resource instanceof CfnResource)) throw new TypeError(`${construct.node.path} is no resource`);
  return resource;
}
