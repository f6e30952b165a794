// npm → (its shell) → this process: hears when npm is gone, which as a killed process tells nobody
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';

const WATCH_MS = 500;
const MOST_SHELLS = 8;
const PS_TIMEOUT_MS = 5_000;

/**
 * npm starts a script by a shell, which may stay between npm and the script or leave its place to the script. When a process ends, its
 * children get another parent. Nothing above npm is looked at: `nohup npm start &` outlives the shell of its terminal.
 * @param onGone is called when npm has ended and this process goes on, and again until it returns true. Never when npm did not start it.
 */
export function watchNpm(onGone) {
  const { npm_lifecycle_event: event, npm_lifecycle_script: script } = process.env;
  if (event === undefined || script === undefined) return;
  const shells = [];
  let npm = process.ppid;
  while (npm > 0 && shells.length < MOST_SHELLS && commandOf(npm)?.includes(script)) {
    shells.push(npm);
    npm = parentOf(npm) ?? 0;
  }
  if (npm <= 0) return;
  const [parent = npm] = shells;
  const watch = setInterval(() => {
    const isThere =
      process.ppid === parent &&
      exists(npm) &&
      shells.every((shell, index) => isStillChild(shell, shells[index + 1] ?? npm));
    if (!isThere && onGone()) clearInterval(watch);
  }, WATCH_MS);
  watch.unref();
}

/** A process that was killed may be kept as a zombie, which exists; its children have another parent already. */
function isStillChild(pid, parent) {
  return process.platform !== 'linux' || parentOf(pid) === parent;
}

function exists(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there and belongs to another user.
    return error.code === 'EPERM';
  }
}

/** @returns the arguments in one line; undefined when they cannot be had. */
function commandOf(pid) {
  if (process.platform === 'linux') return read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ');
  return ps(pid, 'args=');
}

function parentOf(pid) {
  // The program's name stands in brackets and may hold anything; behind it come the state and the parent.
  const text =
    process.platform === 'linux' ? read(`/proc/${pid}/stat`)?.replace(/^.*\) \S+ /s, '') : ps(pid, 'ppid=');
  const parent = Number.parseInt(text ?? '', 10);
  return Number.isNaN(parent) ? undefined : parent;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended, or /proc hides it.
    return undefined;
  }
}

function ps(pid, field) {
  if (process.platform === 'win32') return undefined;
  try {
    return execFileSync('ps', ['-o', field, '-p', String(pid)], {
      encoding: 'utf8',
      timeout: PS_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}
