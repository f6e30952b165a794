import { join } from 'node:path';
import { installedServer, run } from '../aws/installed-server.ts';

const MODULE = 'github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie';
/** The commit is part of it; it has no release that Go's modules know. */
const VERSION = 'v0.0.0-20261030222936-bef5c4ba774d';

/**
 * Installs AWS's own emulator of Lambda's runtime API, which is compiled then: that needs Go.
 * @returns the program.
 * @throws ServerMissingError when it cannot be had here.
 */
export function installEmulator(): string {
  const folder = installedServer(`aws-lambda-rie-${VERSION}`, (draft) =>
    run('go', ['install', `${MODULE}@${VERSION}`], { GOBIN: draft }),
  );
  return join(folder, 'aws-lambda-rie');
}
