/** What Lambda sets for every function (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html). */
export const PLATFORM_ENVIRONMENT = {
  AWS_LAMBDA_FUNCTION_NAME: 'test',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '2048',
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/test',
  AWS_LAMBDA_LOG_STREAM_NAME: 'test',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_SESSION_TOKEN: 'test',
};

/**
 * @param folder what Lambda unpacks
 * @param handler as `file.export`
 * @param own what the function itself was given
 * @returns everything a function with Lambda's Node finds in its environment, but for where the runtime API is.
 */
export function functionEnvironment(
  folder: string,
  handler: string,
  own: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    ...PLATFORM_ENVIRONMENT,
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: folder,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    // As the managed runtime starts Node (https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html).
    NODE_OPTIONS: '--no-experimental-require-module --no-experimental-detect-module',
    ...own,
  };
}
