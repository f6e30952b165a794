import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkNames, editsBetween } from './check-names.ts';
import { SETTINGS } from './registry.ts';

describe('a name in .env', () => {
  it.each([
    ['TELEGRM_BOT_TOKEN', 'TELEGRAM_BOT_TOKEN'],
    ['TELEGRAM_TOKEN', 'TELEGRAM_BOT_TOKEN'],
    ['ALOWED_USERS', 'ALLOWED_USERS'],
    ['ALLOWED_USER', 'ALLOWED_USERS'],
    ['AWS_REGOIN', 'AWS_REGION'],
    ['TURN_BUDGET', 'TURN_BUDGET_USD'],
    ['agent_shell', 'AGENT_SHELL'],
    ['AGENT-NETWORK', 'AGENT_NETWORK'],
    ['HOTS', 'HOST'],
  ])('%s is mistyped for %s', (name, meant) => {
    expect(checkNames({ [name]: 'secret-value' })).toEqual({
      problems: [`${name} in .env is not a setting; did you mean ${meant}?`],
      notices: [],
    });
  });

  it('that only has a prefix of ours is a mistake too; any other one is told', () => {
    expect(checkNames({ TELEGRAM_COLOUR: 'x', MY_OWN: 'x' })).toEqual({
      problems: ['TELEGRAM_COLOUR in .env is not a setting; .env.example lists all settings'],
      notices: ['MY_OWN in .env is not a setting, and nothing reads it'],
    });
  });

  it('that is a setting, or belongs to the AWS SDK, a proxy or Node, is right; one that is set to nothing does nothing', () => {
    const ours = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, 'x']));
    const others = ['AWS_ACCESS_KEY_ID', 'AWS_CA_BUNDLE', 'HTTPS_PROXY', 'no_proxy', 'NODE_OPTIONS', 'TZ'];
    const given = { ...ours, ...Object.fromEntries(others.map((name) => [name, 'x'])), TELEGRAM_COLOR: ' ' };
    expect(checkNames(given)).toEqual({ problems: [], notices: [] });
  });

  it('with one letter left out, doubled or changed is reported whichever setting it is', () => {
    const long = Object.keys(SETTINGS).filter(
      // The AWS SDK knows an endpoint for each service.
      (name) => name.length > 4 && !name.startsWith('AWS_ENDPOINT_URL'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...long), fc.nat(), fc.constantFrom(0, 1, 2), (name, at, kind) => {
        const place = at % name.length;
        const [head, letter, tail] = [name.slice(0, place), name[place] ?? '', name.slice(place + 1)];
        const typo = [head, ['', letter + letter, 'Q'][kind], tail].join('');
        fc.pre(!(typo in SETTINGS));
        const { problems } = checkNames({ [typo]: 'x' });
        expect(problems).toHaveLength(1);
      }),
    );
  });
});

it('a mistyped name in the environment is told, and other programs’ names are not', () => {
  const environment = { TELEGRAM_BOT_TOKNE: 'x', SSH_AGENT_PID: '1', HOSTNAME: 'x', AGENT_NAME: 'x' };
  expect(checkNames({}, environment)).toEqual({
    problems: [],
    notices: ['TELEGRAM_BOT_TOKNE in the environment is not a setting; TELEGRAM_BOT_TOKEN is'],
  });
});

it('counts edits as a distance does: none to itself, the same both ways, and a swap is one', () => {
  expect([editsBetween('abcd', 'abdc'), editsBetween('', 'abc'), editsBetween('kitten', 'sitting')]).toEqual([
    1, 3, 3,
  ]);
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (a, b) => {
      expect(editsBetween(a, a)).toBe(0);
      expect(editsBetween(a, b)).toBe(editsBetween(b, a));
      expect(editsBetween(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
    }),
  );
});
