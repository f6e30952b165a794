import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import type { AwsAccount } from './aws-account.ts';

type Store = Pick<AwsAccount, 'secrets'>;

/** @returns undefined when there is no such secret, or nothing in it. */
export async function readSecret({ secrets }: Store, id: string): Promise<string | undefined> {
  try {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: id }));
    return SecretString === undefined || SecretString === '' ? undefined : SecretString;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** @returns whether anything had to be written. */
export async function writeSecret(store: Store, id: string, value: string): Promise<boolean> {
  if ((await readSecret(store, id)) === value) return false;
  await store.secrets.send(new PutSecretValueCommand({ SecretId: id, SecretString: value }));
  return true;
}

/** @returns the value of a note that lies beside the secret and is none itself. */
export async function readNote({ secrets }: Store, id: string, name: string): Promise<string | undefined> {
  const { Tags } = await secrets.send(new DescribeSecretCommand({ SecretId: id }));
  return Tags?.find(({ Key }) => Key === name)?.Value;
}

export async function writeNote(
  { secrets }: Store,
  { id, name, value }: { readonly id: string; readonly name: string; readonly value: string },
): Promise<void> {
  await secrets.send(new TagResourceCommand({ SecretId: id, Tags: [{ Key: name, Value: value }] }));
}
