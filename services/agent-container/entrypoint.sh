#!/bin/sh
# Lambda tells a container where its runtime API is; everywhere else the same server listens on PORT.
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
  export _HANDLER=lambda.handler LAMBDA_TASK_ROOT=/app
  exec node /app/node_modules/aws-lambda-ric/index.mjs
fi
exec node /app/http.mjs
