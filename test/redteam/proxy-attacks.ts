import { type Attack, bash, node } from './attack.ts';

/**
 * Sends raw requests to the model proxy and prints the first line of each answer, or that one was let through.
 * @param lines an array, as a JavaScript expression over `path`, the run's own grant, `model`, which it may use, and `decoy`.
 */
function raw(name: string, lines: string): Attack {
  return bash(`the model proxy: ${name}`, ({ loopbackPort }) =>
    node(`const { port, pathname: path } = new URL(process.env.ANTHROPIC_BEDROCK_BASE_URL);
      const model = process.env.ANTHROPIC_DEFAULT_SONNET_MODEL, decoy = "127.0.0.1:${loopbackPort}";
      const ask = (line) => new Promise((resolve) => {
        const body = JSON.stringify({ anthropic_version: "bedrock-2023-05-31", max_tokens: 1, messages: [{ role: "user", content: "x" }] });
        let seen = ""; const socket = require("net").connect(Number(port), "127.0.0.1");
        const [first, ...headers] = [].concat(line);
        socket.write([first + " HTTP/1.1", ...headers, ...(headers.some((h) => /^host/i.test(h)) ? [] : ["Host: " + decoy]), "Content-Type: application/json", "Content-Length: " + body.length, "Connection: close", "", body].join("\\r\\n"));
        socket.on("data", (d) => { seen += d; }).on("error", () => resolve("cut")).on("close", () => resolve(seen));
        setTimeout(() => { socket.destroy(); }, 4000);
      });
      (async () => { for (const line of ${lines}) { const seen = await ask(line); console.log([].concat(line)[0].slice(0, 60).replace(path, "<grant>"), "→", seen.split("\\r\\n")[0] || "cut", /^HTTP\\/1.1 2/.test(seen) ? "BREA" + "CHED" : "", (seen.match(/planted-[0-9a-f]+/) ?? [""])[0]); } process.exit(); })();`),
  );
}

export const AT_THE_PROXY: readonly Attack[] = [
  raw(
    'without a grant',
    '["GET /", "POST /model/" + model + "/invoke", "GET /inference-profiles", "POST /" + "A".repeat(43) + "/model/" + model + "/invoke", "POST " + path.slice(0, -1) + "/model/" + model + "/invoke", "POST " + path.toLowerCase() + "x/model/" + model + "/invoke", "POST /" + path + "/model/" + model + "/invoke"]',
  ),
  raw(
    'other models',
    '["anthropic.claude-other-v1:0", "amazon.titan-text", model + "x", model.toUpperCase(), "arn:aws:bedrock:us-east-1:1:inference-profile/x", model + "%2F..%2Fother", "%2e%2e", encodeURIComponent(encodeURIComponent(model)), model + "%00"].map((m) => "POST " + path + "/model/" + m + "/invoke")',
  ),
  raw(
    'other paths',
    '["GET /foundation-models", "GET /guardrails", "POST /async-invoke", "GET /model/" + model + "/invoke", "DELETE /model/" + model + "/invoke", "POST /model/" + model + "/converse", "POST /model/" + model + "/invoke/../converse", "POST /../model/" + model + "/apply", "POST /%2e%2e/x", "POST /model/" + model + "/invoke?x=1#y"].slice(0, 9).map((l) => l.replace(" ", " " + path))',
  ),
  raw(
    'other hosts',
    '["GET http://" + decoy + "/", "POST http://" + decoy + path + "/model/" + model + "/invoke", "CONNECT " + decoy, "GET //" + decoy + "/", "POST " + path + "@" + decoy + "/model/x/invoke", ["GET " + path + "/latest/meta-data", "Host: 169.254.169.254"], ["GET /", "Upgrade: websocket", "Connection: Upgrade"]]',
  ),
  raw(
    'requests within requests',
    '["Transfer-Encoding: chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked", "Content-Length: 0", "content-length: 5", "Transfer-Encoding: chunked, identity", " folded: x", "X: a\\rContent-Length: 0", "X: a\\nY: b"].map((h) => ["POST " + path + "/model/other/invoke", h])',
  ),
  raw(
    'headers of its own',
    '[["GET /", "Transfer-Encoding: chunked"], ["GET /", "Expect: 100-continue", "X: " + "a".repeat(100000)], ["POST " + path + "/model/other/invoke", "X-HTTP-Method-Override: GET", "X-Forwarded-Host: " + decoy, "X-Original-URL: /inference-profiles", "Authorization: Bearer x"]]',
  ),
];

/**
 * Sends bodies that cost more to hold or to read than to send, many at once, and prints how each was answered.
 * @param body its bytes, as a JavaScript expression.
 * @param how `count` requests; each claims `length` bytes, so that one that is longer than the body never ends; `trickle` goes on with a
 * byte at a time.
 */
function heavy(
  name: string,
  body: string,
  how: { count?: number; length?: number; headers?: string; trickle?: boolean; patienceMs?: number } = {},
): Attack {
  const { count = 3, length, headers = '', trickle = false, patienceMs = 8_000 } = how;
  return bash(`the model proxy: ${name}`, () =>
    node(`const { port, pathname: path } = new URL(process.env.ANTHROPIC_BEDROCK_BASE_URL);
      const body = Buffer.from(${body}), model = process.env.ANTHROPIC_DEFAULT_SONNET_MODEL;
      require("fs").writeFileSync("attacking", "");
      const ask = () => new Promise((resolve) => {
        let seen = ""; const socket = require("net").connect(Number(port), "127.0.0.1");
        socket.write("POST " + path + "/model/" + model + "/invoke HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/json\\r\\n${headers}Content-Length: " + (${length ?? 0} || body.length) + "\\r\\n\\r\\n");
        socket.write(body); ${trickle ? 'setInterval(() => socket.write(" "), 50);' : ''}
        socket.on("data", (d) => { seen += d; }).on("error", () => resolve(seen)).on("close", () => resolve(seen));
        setTimeout(() => { socket.destroy(); }, ${patienceMs});
      });
      Promise.all(Array.from({ length: ${count} }, ask)).then((all) => { for (const seen of new Set(all.map((s) => s.split("\\r\\n")[0] || "cut"))) console.log(seen, /^HTTP\\/1.1 2/.test(seen) ? "BREA" + "CHED" : ""); process.exit(); });`),
  );
}

export const EMPTY_OBJECTS = heavy(
  '30 MB of empty objects',
  '"{\\"messages\\":[" + "{},".repeat(1e7) + "{}]}"',
  { patienceMs: 18_000 },
);

/** None of them may be felt by another chat. */
export const OVERLOADING: readonly Attack[] = [
  EMPTY_OBJECTS,
  heavy('deep nesting', '"{\\"messages\\":" + "[".repeat(15e6) + "]".repeat(15e6) + "}"'),
  heavy('bodies whose last byte never comes', '"{\\"messages\\":[],\\"system\\":\\"" + "x".repeat(30e6)', {
    count: 24,
    length: 31e6,
  }),
  heavy('bodies that trickle', '"{\\"messages\\":["', { count: 24, length: 30e6, trickle: true }),
  heavy('a long number', '"{\\"messages\\":[],\\"metadata\\":" + "1".repeat(30e6) + "}"'),
  heavy(
    'a huge number of fields',
    '"{" + Array.from({ length: 2e6 }, (_, n) => "\\"k" + n + "\\":1").join() + "}"',
  ),
  heavy('a field named __proto__', '"{\\"messages\\":[],\\"__proto__\\":{\\"container\\":\\"x\\"}}"'),
  heavy('bytes that are not UTF-8', 'Buffer.alloc(30e6, 0xff)'),
  heavy('compressed zeros', 'require("zlib").gzipSync(Buffer.alloc(1e8))', {
    headers: 'Content-Encoding: gzip\\r\\n',
  }),
];
