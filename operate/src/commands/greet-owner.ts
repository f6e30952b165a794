import type { Api } from 'grammy/web';
import type { UserFromGetMe } from 'grammy/types';
import type { AwsAccount } from '../aws/aws-account.ts';
import type { StandingDeployment } from '../aws/deployment.ts';
import type { Progress } from '../progress.ts';
import { readNote, writeNote } from '../aws/secret-values.ts';
import { sendFirstWords } from '../telegram.ts';

const NOTE = 'omnicloud:greeted';

export interface Meeting {
  readonly api: Api;
  readonly bot: UserFromGetMe;
  /** Telegram user ids, separated by commas or spaces; the first is the owner's. */
  readonly allowedUsers: string;
}

/** The bot writes to its owner once; that it did is noted at its token in AWS, so that no other machine repeats it. */
export async function greetOwner(
  account: AwsAccount,
  { outputs }: StandingDeployment,
  {
    meeting: { api, bot, allowedUsers },
    progress,
  }: { readonly meeting: Meeting; readonly progress: Progress },
): Promise<void> {
  const owner = /\d+/.exec(allowedUsers)?.[0] ?? '';
  const meeting = `${bot.id}:${owner}`;
  if ((await readNote(account, outputs.BotTokenSecretArn, NOTE)) === meeting) {
    progress.skip('the owner has had a first message');
    return;
  }
  if (await sendFirstWords(api, owner)) {
    await writeNote(account, { id: outputs.BotTokenSecretArn, name: NOTE, value: meeting });
    progress.done(`a first message to ${owner}`);
  } else {
    progress.warn(`Telegram lets no bot begin: open https://t.me/${bot.username} and press Start`);
  }
}
