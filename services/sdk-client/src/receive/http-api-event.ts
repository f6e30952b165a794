import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/**
 * @param event of an HTTP API, payload format 2.0
 *   (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
 */
export function requestOf(event: APIGatewayProxyEventV2): Request {
  const { rawPath, rawQueryString, headers: given, body, isBase64Encoded, requestContext } = event;
  const { method } = requestContext.http;
  const url = new URL(`https://${requestContext.domainName}`);
  url.pathname = rawPath;
  url.search = rawQueryString;
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) headers.set(name, value);
  const content = body === undefined ? null : Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  return new Request(url, { method, headers, body: method === 'GET' || method === 'HEAD' ? null : content });
}

/** @param response whose body is text. */
export async function resultOf(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}
