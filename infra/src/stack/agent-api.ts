// two routes → token → one environment per conversation → a stream of up to 15 minutes
import { fileRoutes, IDEMPOTENCY_HEADER, routes, SESSION_KEY_HEADER } from '@omnicloud/protocol';
import { Duration, Stack } from 'aws-cdk-lib';
import {
  AuthorizationType,
  EndpointType,
  LambdaIntegration,
  type Method,
  MethodLoggingLevel,
  RequestValidator,
  ResponseTransferMode,
  RestApi,
  TokenAuthorizer,
} from 'aws-cdk-lib/aws-apigateway';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { answerTemplate, GATEWAY_ANSWERS } from './gateway-answers.ts';
import { AGENT_TIMEOUT } from './limits.ts';

const STAGE = 'v1';
const REQUESTS_PER_SECOND = 20;
const BURST = 40;
/** A rotated token is good for this long at the gateway; the agent server itself knows better. */
const TOKEN_REMEMBERED = Duration.minutes(5);
/** What is no token at all is refused before anything runs. */
const TOKEN_SHAPE = '^[Bb]earer [-A-Za-z0-9._~+/=]{16,512}$';

export interface AgentApiProps {
  readonly target: IFunction;
  readonly authorizer: IFunction;
  /** Whether Lambda is told which conversation a request belongs to. */
  readonly isIsolated: boolean;
  /** Whose pages may use the API from a browser. */
  readonly corsOrigins: readonly string[];
}

/**
 * The agent server's address. REGIONAL, because an edge-optimised API cuts a stream after 30 s of silence and this one after 5 minutes;
 * a REST API, because an HTTP API ends every request after 30 s.
 */
export class AgentApi extends Construct {
  readonly api: RestApi;
  /** Without a trailing slash. */
  readonly url: string;
  readonly methods: readonly Method[];

  constructor(scope: Construct, id: string, { target, authorizer, isIsolated, corsOrigins }: AgentApiProps) {
    super(scope, id);
    this.api = new RestApi(this, 'Api', {
      // Its metrics are found by it, so it must tell deployments apart.
      restApiName: `${Stack.of(this).stackName}-agent`,
      description: 'The agent server: one call is one turn, answered as a stream of events',
      endpointConfiguration: { types: [EndpointType.REGIONAL] },
      // It would be the account's, not ours: another deployment's logs would end with ours.
      cloudWatchRole: false,
      deployOptions: {
        stageName: STAGE,
        tracingEnabled: true,
        metricsEnabled: true,
        loggingLevel: MethodLoggingLevel.OFF,
        throttlingRateLimit: REQUESTS_PER_SECOND,
        throttlingBurstLimit: BURST,
      },
      ...(corsOrigins.length > 0
        ? {
            defaultCorsPreflightOptions: {
              allowOrigins: [...corsOrigins],
              allowMethods: ['GET', 'POST'],
              allowHeaders: ['Authorization', 'Content-Type', IDEMPOTENCY_HEADER, SESSION_KEY_HEADER],
              maxAge: Duration.minutes(10),
            },
          }
        : {}),
    });
    const { region, urlSuffix } = Stack.of(this);
    this.url = `https://${this.api.restApiId}.execute-api.${region}.${urlSuffix}/${STAGE}`;
    this.methods = this.#addRoutes(target, authorizer, isIsolated);
    for (const answer of GATEWAY_ANSWERS) {
      this.api.addGatewayResponse(answer.type.responseType, {
        type: answer.type,
        statusCode: answer.status,
        templates: { 'application/json': answerTemplate(answer) },
      });
    }
  }

  #addRoutes(target: IFunction, authorizer: IFunction, isIsolated: boolean): Method[] {
    const tenant = `method.request.header.${SESSION_KEY_HEADER}`;
    const integration = new LambdaIntegration(target, {
      proxy: true,
      responseTransferMode: ResponseTransferMode.STREAM,
      timeout: AGENT_TIMEOUT,
      allowTestInvoke: false,
      ...(isIsolated ? { requestParameters: { 'integration.request.header.X-Amz-Tenant-Id': tenant } } : {}),
    });
    const options = {
      authorizationType: AuthorizationType.CUSTOM,
      authorizer: new TokenAuthorizer(this, 'Authorizer', {
        handler: authorizer,
        resultsCacheTtl: TOKEN_REMEMBERED,
        validationRegex: TOKEN_SHAPE,
      }),
      requestValidator: new RequestValidator(this, 'Validator', {
        restApi: this.api,
        validateRequestParameters: true,
        validateRequestBody: true,
      }),
      ...(isIsolated ? { requestParameters: { [tenant]: true } } : {}),
    };
    const add = (verb: string, path: string): Method =>
      this.api.root.resourceForPath(resourcePath(path)).addMethod(verb, integration, options);
    return [
      ...[routes.create, routes.message].map((path) => add('POST', path)),
      ...Object.values(fileRoutes).map((path) => add('GET', path)),
    ];
  }
}

/** `/session/:session_id` as API Gateway writes it. */
function resourcePath(route: string): string {
  return route.replaceAll(/:(\w+)/g, '{$1}');
}
