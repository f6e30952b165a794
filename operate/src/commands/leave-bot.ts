import { OperateError, reasonOf } from '../operate-error.ts';
import type { Progress } from '../progress.ts';
import { removeCommandMenus, removeWebhook, telegramApi } from '../telegram.ts';

/**
 * Takes from a bot what a deployment gave it. That it cannot be reached is told and no more: it must keep nobody from deleting what costs
 * money, or from using another bot.
 * @param url the deployment's webhook; another one's is left alone.
 */
export async function leaveBot(
  token: string,
  { apiRoot, url, progress }: { readonly apiRoot: string; readonly url: string; readonly progress: Progress },
): Promise<void> {
  const api = telegramApi(token, apiRoot);
  try {
    const other = await removeWebhook(api, url);
    if (other !== '') {
      progress.warn(`the webhook is another one's, ${other}, and stays`);
      return;
    }
    await removeCommandMenus(api);
    progress.done('webhook and command menu removed');
  } catch (error) {
    if (!(error instanceof OperateError)) throw error;
    progress.warn(`${reasonOf(error)}; going on`);
  }
}
