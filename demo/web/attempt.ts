import { ApiError } from './api.ts';
import { t } from './language/i18n.ts';
import { toast } from './parts/toast.ts';

/** Runs what the reader asked for: a refusal of the server is told in a toast, anything else is a defect and stays loud. */
export function attempt(work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
    console.warn(error);
    toast(t('failed', { reason: error.message }));
  });
}
