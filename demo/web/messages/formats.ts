import { languageTag, t } from '../language/i18n.ts';

const MS_PER_SECOND = 1000;
const MS_PER_DAY = 86_400_000;
const DAYS_NAMED_BY_WEEKDAY = 6;

/** Making an `Intl` formatter is slow next to using one, and a log needs one for each message. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function format(unixSeconds: number, options: Intl.DateTimeFormatOptions): string {
  const key = languageTag() + JSON.stringify(options);
  let formatter = formatters.get(key);
  if (!formatter) formatters.set(key, (formatter = new Intl.DateTimeFormat(languageTag(), options)));
  return formatter.format(unixSeconds * MS_PER_SECOND);
}

/** @returns e.g. "14:05". */
export function clockTime(unixSeconds: number): string {
  return format(unixSeconds, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** @returns date and time in full, for a tooltip. */
export function fullTime(unixSeconds: number): string {
  return format(unixSeconds, { dateStyle: 'full', timeStyle: 'medium' });
}

/** @returns a local day that can be compared, e.g. "2026-05-04". */
export function dayOf(unixSeconds: number): string {
  const date = new Date(unixSeconds * MS_PER_SECOND);
  const pad = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** @returns the heading of a day in the log: "Today", "May 4", "May 4, 2024". */
export function dayTitle(unixSeconds: number): string {
  const days = daysAgo(unixSeconds);
  if (days === 0) return t('today');
  if (days === 1) return t('yesterday');
  const isThisYear = new Date(unixSeconds * MS_PER_SECOND).getFullYear() === new Date().getFullYear();
  return format(unixSeconds, { month: 'long', day: 'numeric', ...(!isThisYear && { year: 'numeric' }) });
}

/** @returns the time beside a chat in the list: of today the clock, of this week the weekday, else the date. */
export function listTime(unixSeconds: number): string {
  const days = daysAgo(unixSeconds);
  if (days === 0) return clockTime(unixSeconds);
  if (days <= DAYS_NAMED_BY_WEEKDAY) return format(unixSeconds, { weekday: 'short' });
  return format(unixSeconds, { day: '2-digit', month: '2-digit', year: '2-digit' });
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** @returns e.g. "7 B", "1.2 MB". */
export function fileSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // Rounded first, or 999 999 B would be 1000 kB.
  while (Math.round(value) >= 1_000 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** @returns a file's name without the marks that would show its end in another place. */
export function shownName(name: string): string {
  return name.replaceAll(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
}

/** In calendar days of the reader; rounding absorbs the hour that daylight saving moves. */
function daysAgo(unixSeconds: number): number {
  const midnight = (date: Date): number => date.setHours(0, 0, 0, 0);
  return Math.round((midnight(new Date()) - midnight(new Date(unixSeconds * MS_PER_SECOND))) / MS_PER_DAY);
}
