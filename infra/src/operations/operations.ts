// rules → alarms, each naming what to do → e-mail
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { type AlarmRule, alarmRules, type Watched } from './alarm-rules.ts';
import { addDashboard } from './operations-dashboard.ts';
import type { Switches } from '../switches.ts';

/** @returns where the runbook says what to do; the anchor is the one that GitHub gives the heading. */
function runbookLink(heading: string): string {
  const anchor = heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');
  return `docs/runbook.md#${anchor}`;
}

/** What whoever runs a deployment is told, and what they look at. */
export class Operations extends Construct {
  readonly alarms: readonly Alarm[];
  /** Where alarms go; whoever wants to be told subscribes, and `alarmEmail` is the first. */
  readonly topic: Topic;

  constructor(
    scope: Construct,
    id: string,
    {
      switches: { alarmEmail },
      watched,
    }: { readonly switches: Pick<Switches, 'alarmEmail'>; readonly watched: Watched },
  ) {
    super(scope, id);
    this.alarms = alarmRules(watched).map((rule) => this.#alarm(rule));
    this.topic = new Topic(this, 'Alarms', { enforceSSL: true });
    if (alarmEmail !== undefined) this.topic.addSubscription(new EmailSubscription(alarmEmail));
    this.#letAlarmsPublish();
    this.#tell();
    addDashboard(this, watched, this.alarms);
  }

  #alarm({ id, heading, metric, atLeast, periods = 1 }: AlarmRule): Alarm {
    return new Alarm(this, id, {
      alarmDescription: `${heading}. What to do: ${runbookLink(heading)}`,
      metric,
      threshold: atLeast,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      // Nobody writes to the bot at night, and then there is nothing to measure.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /**
   * `enforceSSL` gives the topic a policy, and a policy replaces the default one, which lets the owner's account publish. So the alarms of
   * this account and this stack are let in by name; CloudFormation puts the stack's name in front of an alarm's.
   */
  #letAlarmsPublish(): void {
    const { account, stackName } = Stack.of(this);
    const alarms = Stack.of(this).formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: `${stackName}-*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': alarms } },
      }),
    );
  }

  #tell(): void {
    const action = new SnsAction(this.topic);
    for (const alarm of this.alarms) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
  }
}
