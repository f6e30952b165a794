import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PERSON } from '../fakes/telegram-server.ts';
import { type StageOptions } from './start-server.fixture.ts';
import { openStage, type Stage } from './stage.fixture.ts';
import { type Felt, feelUntil } from './under-attack.fixture.ts';

const HOSTILE_CLI = fileURLToPath(new URL('hostile-cli.mjs', import.meta.url));

/** What others felt of an attack, and what the attacker's chat was told until it was answered again. */
type FeltWithTexts = Felt & { readonly texts: readonly string[] };

/** The attacked system, in which a program of the attacker's stands in the CLI's place for everybody but the neighbour. */
export interface HostileStage extends AsyncDisposable {
  readonly stage: Stage;
  /** What `restart` of the stage needs for the same CLI. */
  readonly options: StageOptions;
  /** From now on, that program does this (see `hostile-cli.mjs`), or the real CLI is there again. */
  plan(attack: string | undefined): Promise<void>;
  /** The attacker's chat asks something, the program attacks, and the neighbour asks something meanwhile. */
  feel(attack: string): Promise<FeltWithTexts>;
  /**
   * The real CLI is there again, and the attacker's chat asks something: turns of a chat follow one another, so the attack is over then.
   * @returns what this chat was told since, without the answer.
   */
  answeredAgain(told: number): Promise<string[]>;
}

/** @param without see `StageOptions`; the CLI is hostile in any case. */
export async function openHostileStage(without: readonly string[] = []): Promise<HostileStage> {
  await using made = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'omnicloud-plan-'));
  made.defer(() => rm(folder, { recursive: true, force: true }));
  const planFile = join(folder, 'plan');
  const options: StageOptions = {
    shell: 'off',
    without: ['honest CLI', 'so many lines', 'a minute of patience', 'ten seconds of grace', ...without],
    settings: { REDTEAM_CLI: HOSTILE_CLI, REDTEAM_PLAN: planFile },
  };
  const stage = made.use(await openStage(options));
  const plan = (attack: string | undefined): Promise<void> =>
    attack === undefined
      ? rm(planFile, { force: true })
      : writeFile(planFile, JSON.stringify({ neighbour: stage.ground().neighbourId, attack }));
  const texts = (): string[] => stage.telegram.botTexts(PERSON);
  const answeredAgain = async (told: number): Promise<string[]> => {
    await plan(undefined);
    stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Are you still there?' });
    while (!texts().slice(told).includes('ok')) await delay(20);
    return texts()
      .slice(told)
      .filter((text) => text !== 'ok');
  };
  const kept = made.move();
  return {
    ...{ stage, options, plan, answeredAgain },
    feel: async (name) => {
      await plan(name);
      const told = texts().length;
      let since: string[] = [];
      const felt = await feelUntil(stage, async () => {
        since = await answeredAgain(told);
      });
      return { ...felt, texts: since };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** @returns true once the server has ended, whatever ended it. */
export async function hasEnded({ stage }: HostileStage): Promise<boolean> {
  const server = stage.server();
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  return true;
}
