import { billOf } from './bill.ts';
import { comparePlan } from './plan-estimate.ts';
import { PRICE_NAMES, priceOf, PRICES_AS_OF, PRICES_REGION } from './prices.ts';
import { switchCosts } from './switch-costs.ts';
import type { Workload } from './workload.ts';

/** @returns the whole answer as text: the bill, what each switch does to it, and the plan's own figures beside ours. */
export function costReport(load: Workload): string {
  const { components, modelUsd, totalUsd } = billOf(load);
  const unverified = PRICE_NAMES.filter((name) => !priceOf(name).verified);
  return [
    `One month in ${PRICES_REGION}, prices of ${PRICES_AS_OF}${load.freeTier ? ', less what is always free' : ', nothing free'}`,
    `${load.messages} messages of ${load.seconds} s; agent ${load.agentMemoryMb} MB, ${load.isolation}, ` +
      `${load.coldShare * 100} % start cold; sdk-client ${load.clientMemoryMb} MB`,
    '',
    ...table([
      ...[...components].map(([name, usd]) => [name, dollars(usd)]),
      ['model (the other account)', load.modelUsd > 0 ? dollars(modelUsd) : 'not included: --model-usd'],
      ['total', dollars(totalUsd)],
      ['each message', `$${(totalUsd / Math.max(1, load.messages)).toFixed(6)}`],
    ]),
    '',
    'What each switch changes, a month',
    ...table(switchCosts(load).map(({ name, moreUsd, note }) => [name, signed(moreUsd), note])),
    '',
    'The plan’s section 8, under its assumptions (100,000 messages, 512 MB and 2 GB, all warm, 7.5 s)',
    ...table(
      comparePlan().map(({ component, plan, oursUsd, why }) => [component, plan, dollars(oursUsd), why]),
    ),
    '',
    `Not verified: ${unverified.join(', ')}. Assumed, not measured: the share and length of cold starts, requests and log lines per message.`,
  ].join('\n');
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function dollars(usd: number): string {
  return `$${usd.toFixed(2)}`;
}

function signed(usd: number): string {
  return `${usd < 0 ? '-' : '+'}${dollars(Math.abs(usd))}`;
}
