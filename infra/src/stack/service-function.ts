import type { Duration } from 'aws-cdk-lib';
import { Architecture, type Code, Function, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ServiceRole } from './service-role.ts';
import type { Switches } from '../switches.ts';

/** A bundle and the function in it, as `file.export`. */
export interface Program {
  readonly code: Code;
  readonly handler: string;
}

export interface ServiceFunctionProps extends Program {
  readonly description: string;
  readonly memoryMb: number;
  readonly timeout: Duration;
  readonly logDays: Switches['logDays'];
  readonly environment: Record<string, string>;
}

/** A ZIP function on arm64 and Node 24 that may do nothing but write its own log, until it is allowed more. */
export class ServiceFunction extends Construct {
  readonly function: Function;
  readonly permissions: ServiceRole;

  constructor(scope: Construct, id: string, { memoryMb, logDays, ...props }: ServiceFunctionProps) {
    super(scope, id);
    this.permissions = new ServiceRole(this, 'Permissions', logDays);
    this.function = new Function(this, 'Function', {
      ...props,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memoryMb,
      role: this.permissions.role,
      logGroup: this.permissions.logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
    });
  }
}
