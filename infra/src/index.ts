export { billOf } from './cost/bill.ts';
export { PRICES_AS_OF, PRICES_REGION } from './cost/prices.ts';
export { workload } from './cost/workload.ts';
export { parseSwitches, SWITCH_NAMES, SwitchError, type Switches } from './switches.ts';
