import { FixedSecrets } from './fixed-secrets.ts';
import { describeSecrets } from './secrets.contract.ts';

describeSecrets('FixedSecrets', () => {
  const values = new Map<string, string>();
  const put = (name: string, value: string): Promise<void> => {
    values.set(name, value);
    return Promise.resolve();
  };
  return Promise.resolve({ secrets: new FixedSecrets(values), put });
});
