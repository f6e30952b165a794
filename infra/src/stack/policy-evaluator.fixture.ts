// a resource policy + one request → whether AWS would let it pass
// The rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: '*' | Readonly<Record<string, string | readonly string[]>>;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface PolicyRequest {
  /** e.g. `cloudwatch.amazonaws.com`. */
  readonly service: string;
  readonly action: string;
  readonly resource: string;
  /** Condition keys, e.g. `aws:SourceAccount`. */
  readonly context: Readonly<Record<string, string>>;
}

/** A Deny wins over every Allow, and what nothing allows is denied. @throws Error for a condition that it does not know. */
export function isAllowed(statements: readonly PolicyStatement[], request: PolicyRequest): boolean {
  const fitting = statements.filter((statement) => fits(statement, request));
  return fitting.some(({ Effect }) => Effect === 'Allow') && !fitting.some(({ Effect }) => Effect === 'Deny');
}

function fits(
  { Principal, Action, Resource, Condition = {} }: PolicyStatement,
  request: PolicyRequest,
): boolean {
  const isMeant =
    Principal === '*' ||
    listOf(Principal.AWS).includes('*') ||
    listOf(Principal.Service).includes(request.service);
  return (
    isMeant &&
    listOf(Action).some((pattern) => isLike(pattern.toLowerCase(), request.action.toLowerCase())) &&
    listOf(Resource).some((pattern) => isLike(pattern, request.resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, values]) => holds(operator, listOf(values), request.context[key])),
    )
  );
}

function holds(operator: string, values: readonly string[], actual: string | undefined): boolean {
  // A key that the request does not have fulfils no condition.
  if (actual === undefined) return false;
  if (operator === 'Bool' || operator === 'StringEquals') return values.includes(actual);
  if (operator === 'ArnLike' || operator === 'StringLike')
    return values.some((pattern) => isLike(pattern, actual));
  throw new Error(`The evaluator does not know the condition ${operator}`);
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** `*` stands for any characters. */
function isLike(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}
