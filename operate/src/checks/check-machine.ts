// Node → the agent's CLI → settings → the data's folder → the sandbox
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { confineShell, parseLocalConfig } from '@omnicloud/local';
import { ConfigError, type EnvFile } from '@omnicloud/settings';
import { cliPath } from './cli-path.ts';
import { fine, type Finding, look, note, wrong } from './finding.ts';
import { NODE_MAJOR, nodeProblem } from './prerequisites.ts';
import { outputOf } from '../run-program.ts';

type LocalConfig = ReturnType<typeof parseLocalConfig>;

/** It is 200 MB, and read from the disk the first time. */
const CLI_LIMIT_MS = 60_000;

export interface MachineReport {
  readonly findings: readonly Finding[];
  /** Undefined when the settings are wrong. */
  readonly config: LocalConfig | undefined;
}

/** Looks at everything that `npm start` needs of this machine; nothing leaves it. @param file what `.env` holds. */
export async function checkMachine(file: EnvFile): Promise<MachineReport> {
  const findings: Finding[] = [checkNode(), ...(await look('The CLI', checkCli))];
  const { config, findings: ofSettings } = checkSettings(file);
  findings.push(...ofSettings);
  if (!config) return { findings, config };
  findings.push(...(await checkDataFolder(config.dataDir)));
  findings.push(...(await look('The sandbox', () => checkSandbox(config))));
  return { findings, config };
}

function checkNode(): Finding {
  const problem = nodeProblem();
  if (problem !== undefined) return wrong(problem, `Install Node ${NODE_MAJOR} or newer.`);
  return fine(`Node ${process.versions.node}`);
}

async function checkCli(): Promise<Finding[]> {
  const path = cliPath();
  const cure = 'Remove node_modules and run `npm ci` again, without --omit=optional.';
  if (path === undefined) {
    return [wrong(`No Claude CLI is installed for ${process.platform}-${process.arch}`, cure)];
  }
  const version = await outputOf(path, ['--version'], CLI_LIMIT_MS);
  if (version === undefined) return [wrong(`The Claude CLI does not run: ${path}`, cure)];
  return [fine(`Claude CLI ${version.trim()}`)];
}

function checkSettings(file: EnvFile): MachineReport {
  try {
    const config = parseLocalConfig(undefined, file);
    const telegram = config.telegram
      ? `Telegram by ${config.telegram.updates.kind}`
      : 'the stand-in of Telegram';
    const model = config.model ? config.model.access.kind : 'the demo model';
    const notices = config.notices.map((notice) => note(notice));
    return { config, findings: [fine(`Settings: ${telegram}, ${model}`), ...notices] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const findings = error.problems.map((problem) =>
      wrong(problem, 'Fix it in .env; .env.example explains each.'),
    );
    return { config: undefined, findings };
  }
}

async function checkDataFolder(folder: string): Promise<Finding[]> {
  const problem = await writeProblem(folder);
  if (problem === undefined) return [fine(`${folder} can be written`)];
  return [wrong(`${folder} cannot be written (${problem})`, 'Set DATA_DIR to a folder that belongs to you.')];
}

/** @returns the system's code for it. A folder that is not there can be made if the one above it can be written. */
async function writeProblem(folder: string): Promise<string | undefined> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const above = dirname(folder);
    return code === 'ENOENT' && above !== folder ? writeProblem(above) : code;
  }
}

async function checkSandbox(config: LocalConfig): Promise<Finding[]> {
  if (!config.run.isShellOn)
    return [note('The shell is off, so the agent runs no programs', 'AGENT_SHELL=on allows it.')];
  try {
    const told: string[] = [];
    const isolation = await confineShell(config, (notice) => told.push(notice));
    return [isolation ? fine(told.join(' ')) : note('The shell is unconfined: it can do what you can')];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => wrong(problem, 'Change AGENT_SHELL in .env, or the machine.'));
  }
}
