import { z } from 'zod';

const single = z.record(z.string(), z.string().optional()).nullish();
const multiple = z.record(z.string(), z.array(z.string()).optional()).nullish();

const eventSchema = z.object({
  httpMethod: z.string(),
  path: z.string(),
  headers: single,
  multiValueHeaders: multiple,
  queryStringParameters: single,
  multiValueQueryStringParameters: multiple,
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
});

/**
 * @param event of a REST API
 *   (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html). Its path lacks the stage.
 * @returns undefined when it is none: anybody who may invoke the function may hand it anything.
 */
export function requestOf(event: unknown): Request | undefined {
  const parsed = eventSchema.safeParse(event);
  if (!parsed.success) return undefined;
  const { httpMethod: method, path, body, isBase64Encoded, ...given } = parsed.data;
  const url = new URL('https://agent-server');
  url.pathname = path;
  for (const [name, value] of pairs(given.multiValueQueryStringParameters, given.queryStringParameters))
    url.searchParams.append(name, value);
  const headers = new Headers(pairs(given.multiValueHeaders, given.headers));
  const content = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  return new Request(url, { method, headers, body: method === 'GET' || method === 'HEAD' ? null : content });
}

/** API Gateway fills both forms, an event written by hand often only the simple one. */
function pairs(many: z.output<typeof multiple>, one: z.output<typeof single>): [string, string][] {
  if (many) {
    return Object.entries(many).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    );
  }
  return Object.entries(one ?? {}).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
}
