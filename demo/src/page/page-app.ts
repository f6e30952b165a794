import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { fileURLToPath } from 'node:url';
import { type Asset, loadAssets } from './page-assets.ts';
import type { PageInfo } from './page-info.ts';

const WEB_FOLDER = fileURLToPath(new URL('../../web', import.meta.url));

/**
 * Serves the chat page: its document at `/`, its modules and styles under `/app/`, and `GET /page/info`.
 * Every other path is left to the app it is mounted in. The sources are read and stripped at the first request.
 */
export function createPageApp(info: PageInfo): Hono {
  const app = new Hono();
  let loading: Promise<Map<string, Asset>> | undefined;

  const headers = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      baseUri: ["'none'"],
      objectSrc: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
      // The page shows what a model wrote: the browser itself refuses any string that would become markup.
      requireTrustedTypesFor: ["'script'"],
      trustedTypes: ["'none'"],
    },
    referrerPolicy: 'no-referrer',
    xContentTypeOptions: 'nosniff',
    xFrameOptions: 'DENY',
    // Loopback is plain HTTP; remembering HTTPS for "localhost" would break the reader's other servers.
    strictTransportSecurity: false,
  });
  // Only what this app serves: its policy must not take the place of a stricter one in the app around it.
  for (const path of ['/', '/favicon.svg', '/app/*', '/page/info']) app.use(path, headers);

  app.get('/page/info', (context) => context.json(info, 200, { 'Cache-Control': 'no-store' }));

  app.on('GET', ['/', '/favicon.svg', '/app/:name{.+}'], async (context) => {
    loading ??= loadAssets(WEB_FOLDER).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    const asset = (await loading).get(context.req.path);
    if (!asset) return context.notFound();
    return context.body(asset.body, 200, { 'Content-Type': asset.mediaType, 'Cache-Control': 'no-cache' });
  });

  return app;
}
