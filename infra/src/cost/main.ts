// npm run cost -- [--messages N] [--seconds N] … → what a month costs, by component
import { parseArgs } from 'node:util';
import { readWorkload, WORKLOAD_OPTIONS, WorkloadError } from './read-workload.ts';
import { costReport } from './cost-report.ts';

try {
  const { values } = parseArgs({ options: WORKLOAD_OPTIONS });
  console.log(costReport(readWorkload(values)));
} catch (error) {
  const isUsage = error instanceof WorkloadError || (error instanceof TypeError && 'code' in error);
  if (!isUsage) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
