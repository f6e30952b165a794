import 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where moto answers for S3, SQS and Secrets Manager; empty when it cannot be had here: then what needs it is skipped. */
    moto: string;
    /** Where DynamoDB Local answers; empty when it cannot be had here: then what needs it is skipped. */
    dynamodb: string;
    /** Where MiniStack answers for CloudFormation and what it makes; empty when it cannot be had here. */
    ministack: string;
    /** The main file of Lambda's runtime interface client; empty when it cannot be had here. */
    runtimeClient: string;
    /** AWS's emulator of Lambda's runtime API; empty when it cannot be had here. */
    emulator: string;
  }
}
