// settings → a descriptor, not the environment → a Node that may be executed and not read → the server, which ends with this process
import { spawn } from 'node:child_process';
import { chmodSync, constants, copyFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What Node, the loader and the terminal need from the first moment on, none of it secret. The rest of the environment may be. */
const VISIBLE =
  /^(PATH|HOME|USER|SHELL|TMPDIR|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|LANG|LC_\w+|TZ|LD_LIBRARY_PATH|NODE_(OPTIONS|ENV|DEBUG|EXTRA_CA_CERTS|NO_WARNINGS|COMPILE_CACHE|V8_COVERAGE)|npm_lifecycle_event)$/;
const DESCRIPTOR = 3;

/**
 * Linux shows a process's environment to every process of the same user, and its memory too unless the program file could not be read.
 * @param program a Node of version 24 or later.
 * @param options `entry`: the server's main file; `cache`: a folder for the copy of the program; `cwd`: where the server runs.
 */
export function launchServer(program, { entry, cache, cwd = process.cwd() }) {
  const [visible, passed] = [{ OMNICLOUD_SETTINGS_FD: String(DESCRIPTOR) }, {}];
  for (const [name, value] of Object.entries(process.env))
    (VISIBLE.test(name) ? visible : passed)[name] = value;
  // Root reads everything anyway, and its shell runs as somebody else.
  const isRoot = process.getuid?.() === 0;
  const child = spawn(isRoot ? program : unreadableCopy(program, cache), [entry], {
    cwd,
    env: visible,
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  const settings = child.stdio[DESCRIPTOR];
  // A server that ends at once does not read them; its exit code tells all there is to tell.
  settings.on('error', () => undefined);
  settings.end(JSON.stringify(passed));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
  child.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
}

/** The mode belongs to the file and not to its name, so a second name of the installed program would not do. */
function unreadableCopy(program, cache) {
  const { size, mtimeMs } = statSync(program);
  const copy = join(cache, `node-${size}-${Math.trunc(mtimeMs)}`);
  try {
    if ((statSync(copy, { throwIfNoEntry: false })?.mode ?? 0) % 0o1000 === 0o111) return copy;
    mkdirSync(cache, { recursive: true });
    const draft = `${copy}.${process.pid}`;
    copyFileSync(program, draft, constants.COPYFILE_FICLONE);
    chmodSync(draft, 0o111);
    renameSync(draft, copy);
    return copy;
  } catch (error) {
    rmSync(`${copy}.${process.pid}`, { force: true });
    console.error(`This server's memory can be read by other programs of yours: ${error.message}`);
    return program;
  }
}
