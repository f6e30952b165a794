/** The architecture as rules; each comment is what the developer reads when a rule is broken. */
module.exports = {
  forbidden: [
    {
      name: 'protocol-imports-zod-alone',
      comment:
        'packages/protocol is what crosses a wire, and nothing else: it imports zod and its own files.',
      severity: 'error',
      from: { path: '^packages/protocol/src', pathNot: '\\.(test|fixture)\\.ts$' },
      to: { pathNot: ['^packages/protocol/src', '^node_modules/zod/'] },
    },
    {
      name: 'services-meet-over-the-wire',
      comment: 'Services never import one another: they meet over HTTP, or in local/ and test/.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
    },
    {
      name: 'nothing-imports-local',
      comment: 'local/ and test/ see both tiers; no service or package knows that they exist.',
      severity: 'error',
      from: { path: '^(packages|services)/' },
      to: { path: '^(local|test)/' },
    },
    {
      name: 'packages-know-no-service',
      comment: 'A package is imported by services, never the other way round.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^services/' },
    },
    {
      name: 'agent-sdk-only-in-run',
      comment: 'The Agent SDK is imported only under run/: everything else knows the agent-runtime port.',
      severity: 'error',
      from: { pathNot: ['^services/agent-container/src/run/', '\\.test\\.ts$', '^(test|bench)/'] },
      to: { path: 'node_modules/@anthropic-ai/' },
    },
    {
      name: 'one-composition',
      comment:
        'Each function has one composition, which Lambda, the container, `npm start` and the tests of whole processes use: open-webhook, open-worker, open-agent-server.',
      severity: 'error',
      from: {
        pathNot: [
          '/open-(webhook|worker|agent-server)\\.ts$',
          '/serve/(serve-behind-token|hosts/agentcore-app)\\.ts$',
          '\\.(test|fixture)\\.ts$',
        ],
      },
      to: {
        path: [
          '^services/sdk-client/src/(relay/handle-turn|receive/webhook)\\.ts$',
          '^services/agent-container/src/(serve/app|run/claude-runtime)\\.ts$',
        ],
      },
    },
    {
      name: 'grammy-only-at-the-edge',
      comment: 'grammY is imported only under telegram/, which hands its types on, and by the stand-in.',
      severity: 'error',
      from: {
        path: '^(packages|services)/',
        pathNot: ['^services/sdk-client/src/telegram/', '\\.test\\.ts$'],
      },
      to: { path: 'node_modules/grammy/' },
    },
    {
      name: 'aws-only-in-adapters',
      comment:
        'AWS clients are imported only by adapters: files named s3-, dynamo-, sqs-, secrets- or aws-chain-.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: '/(s3|dynamo|sqs|secrets|aws-chain)-[^/]+\\.ts$' },
      to: { path: 'node_modules/@aws-sdk/' },
    },
    {
      name: 'no-deep-imports',
      comment:
        'A workspace is imported by its name, through its exports; a path into it is a second, hidden interface.',
      severity: 'error',
      from: { path: '^(packages|services)/([^/]+)/' },
      to: {
        path: '^(packages|services)/[^/]+/src/',
        pathNot: ['^$1/$2/', '^(packages|services)/[^/]+/src/index\\.ts$'],
      },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import must lead somewhere.',
      severity: 'error',
      from: {},
      // Types alone (@types/…).
      to: { couldNotResolve: true, pathNot: '^(mdast|aws-lambda)$' },
    },
    {
      name: 'declared-dependencies',
      comment:
        "Every import must stand in the importing workspace's own package.json: npm's hoisting hides a missing one.",
      severity: 'error',
      from: { pathNot: '(\\.test|\\.contract|\\.fixture)\\.ts$|^test/|^scripts/|\\.config\\.' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'], pathNot: '^(mdast|aws-lambda)$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs'],
    },
  },
};
