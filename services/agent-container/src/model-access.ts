/** Where the model is, and what opens it. */
export type ModelAccess =
  | {
      kind: 'bedrock';
      region: string;
      /** Another endpoint that speaks Bedrock's protocol. */
      baseUrl?: string;
      credentials: BedrockCredentials;
    }
  | {
      kind: 'anthropic';
      /** The key, or the name or ARN of the secret that holds it. */
      credentials: { apiKey: string } | { secret: string };
      baseUrl?: string;
    };

/** `chain`: the AWS SDK's standard chain finds the credentials; `none`: the endpoint wants no signature. */
export type BedrockCredentials =
  | { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  /** A Bedrock API key. */
  | { apiKey: string }
  /** The name or ARN of a secret in the program's store of secrets. */
  | { secret: string }
  | 'chain'
  | 'none';
