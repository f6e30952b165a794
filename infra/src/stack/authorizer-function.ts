import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { DeploymentSecrets } from './deployment-secrets.ts';
import { type Program, ServiceFunction } from './service-function.ts';
import type { Switches } from '../switches.ts';

const MEMORY_MB = 128;
/** API Gateway waits 10 s at most. */
const TIMEOUT = Duration.seconds(10);

export interface AuthorizerFunctionProps {
  readonly program: Program;
  readonly secrets: DeploymentSecrets;
  readonly logDays: Switches['logDays'];
}

/** Checks the bearer token at the gateway, so that a stranger starts this function and not the agent's. */
export class AuthorizerFunction extends Construct {
  readonly service: ServiceFunction;

  constructor(scope: Construct, id: string, { program, secrets, logDays }: AuthorizerFunctionProps) {
    super(scope, id);
    this.service = new ServiceFunction(this, 'Service', {
      ...program,
      description: 'Agent API: checks the bearer token',
      memoryMb: MEMORY_MB,
      timeout: TIMEOUT,
      logDays,
      environment: { SERVICE_TOKEN_SECRET_ARN: secrets.serviceToken.secretArn },
    });
    this.service.permissions.allowSecret(secrets.serviceToken);
  }
}
