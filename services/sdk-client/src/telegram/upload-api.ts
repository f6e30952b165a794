import { Api } from 'grammy/web';

/** The slowest uplink that an upload waits for, in bytes a second. */
const SLOWEST_BYTES_PER_SECOND = 100_000;
const LEAST_SECONDS = 30;

/** @returns the same API, with a time limit that leaves room for sending so many bytes: a send that is given up may still arrive. */
export function uploadApi(api: Api, bytes: number): Api {
  const timeoutSeconds = LEAST_SECONDS + Math.ceil(bytes / SLOWEST_BYTES_PER_SECOND);
  const upload = new Api(api.token, { ...api.options, timeoutSeconds });
  upload.config.use(...api.config.installedTransformers());
  return upload;
}
