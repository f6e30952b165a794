import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { retentionOf } from './log-retention.ts';
import type { Switches } from '../switches.ts';

/**
 * What a function is and where it writes. The role begins with its own log group and X-Ray and has no managed policy: the usual one
 * (`AWSLambdaBasicExecutionRole`) may write every log group of the account.
 */
export class ServiceRole extends Construct {
  readonly role: Role;
  readonly logGroup: LogGroup;

  /** @param logDays how long log lines are kept. */
  constructor(scope: Construct, id: string, logDays: Switches['logDays']) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: retentionOf(logDays),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], this.logGroup.logGroupArn);
    // X-Ray knows no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    this.allow(['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], '*');
  }

  allow(actions: string[], resource: string, conditions?: Record<string, Record<string, unknown>>): void {
    this.role.addToPolicy(
      new PolicyStatement({ actions, resources: [resource], ...(conditions ? { conditions } : {}) }),
    );
  }

  /** Reading the value and nothing else; its key is AWS's own, which needs no permission. */
  allowSecret(secret: Secret): void {
    this.allow(['secretsmanager:GetSecretValue'], secret.secretArn);
  }

  /** @param keys patterns that the key of every item named must match. */
  allowItems(actions: string[], tableArn: string, keys: readonly string[]): void {
    this.allow(actions, tableArn, {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...keys] },
      // ForAllValues is also true of a request that names no key at all.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    });
  }
}
