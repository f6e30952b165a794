import type { APIGatewayProxyEvent } from 'aws-lambda';

/**
 * @param event of a REST API
 *   (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html). Its path lacks the stage.
 */
export function requestOf(event: APIGatewayProxyEvent): Request {
  const { httpMethod: method, path, body, isBase64Encoded } = event;
  const url = new URL('https://agent-server');
  url.pathname = path;
  for (const [name, values = []] of Object.entries(event.multiValueQueryStringParameters ?? {}))
    for (const value of values) url.searchParams.append(name, value);
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(event.multiValueHeaders))
    for (const value of values) headers.append(name, value);
  const content = body === null ? null : Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  return new Request(url, { method, headers, body: method === 'GET' || method === 'HEAD' ? null : content });
}
