/** Slack's date tokens, in the reader's time zone and clock, in English as Slack's examples are. */

const DAY_SECONDS = 86_400;
const SIX_MONTHS_SECONDS = 183 * DAY_SECONDS;

const words = (date, options) => new Intl.DateTimeFormat("en-US", options).format(date);
const clock = (date, options) => new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", ...options }).format(date);

/** How far the sandbox's clock is ahead of this machine's, in milliseconds. */
let ahead = 0;

/** Takes over the time of the sandbox. */
export function setNow(milliseconds) {
  ahead = milliseconds - Date.now();
}

const sandboxNow = () => Date.now() + ahead;

/** A time of this week, in seconds since 1970: `Tue 14:05`. */
export const weekTime = (seconds) => `${words(new Date(seconds * 1000), { weekday: "short" })} ${clock(new Date(seconds * 1000))}`;

/** The text of <!date^timestamp^format|…>; the timestamp in seconds, `now` in milliseconds. */
export function formatSlackDate(timestamp, format, now = sandboxNow()) {
  const date = new Date(timestamp * 1000);
  return format.replace(/\{(\w+)\}/g, (token, name) => (Object.hasOwn(TOKENS, name) ? TOKENS[name](date, now) : token));
}

/** A message's ts ("1700000000.000100") as a date. */
export const dateOfTs = (ts) => new Date(Number(ts) * 1000);
export const timeOfDay = (date) => clock(date);
export const fullTime = (date) => `${words(date, { weekday: "long", month: "long", day: "numeric", year: "numeric" })}, ${clock(date, { second: "2-digit" })}`;
export const dayName = (date, now = sandboxNow()) => capitalise(nearDay(date, now) ?? TOKENS.date_long(date, now));

const TOKENS = {
  date_num: (date) => [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-"),
  date: (date, now) => ordinalDate(date, now),
  date_short: (date, now) => words(date, { month: "short", day: "numeric", ...yearIfFar(date, now) }),
  date_long: (date, now) => `${words(date, { weekday: "long" })}, ${ordinalDate(date, now)}`,
  date_pretty: (date, now) => nearDay(date, now) ?? TOKENS.date(date, now),
  date_short_pretty: (date, now) => nearDay(date, now) ?? TOKENS.date_short(date, now),
  date_long_pretty: (date, now) => nearDay(date, now) ?? TOKENS.date_long(date, now),
  time: (date) => clock(date),
  time_secs: (date) => clock(date, { second: "2-digit" }),
  ago: (date, now) => relativeTime((date.getTime() - now) / 1000),
};

const two = (number) => String(number).padStart(2, "0");
const capitalise = (text) => text[0].toUpperCase() + text.slice(1);

/** Slack leaves the year out within six months of now. */
const isFar = (date, now) => Math.abs(date.getTime() - now) / 1000 > SIX_MONTHS_SECONDS;
const yearIfFar = (date, now) => (isFar(date, now) ? { year: "numeric" } : {});

function ordinalDate(date, now) {
  const year = isFar(date, now) ? `, ${date.getFullYear()}` : "";
  return `${words(date, { month: "long" })} ${ordinal(date.getDate())}${year}`;
}

function ordinal(number) {
  const isTeen = number >= 11 && number <= 13;
  return `${number}${(!isTeen && { 1: "st", 2: "nd", 3: "rd" }[number % 10]) || "th"}`;
}

function nearDay(date, now) {
  const midnight = (day) => Date.UTC(day.getFullYear(), day.getMonth(), day.getDate());
  const days = (midnight(date) - midnight(new Date(now))) / (DAY_SECONDS * 1000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
}

function relativeTime(seconds) {
  const units = [["day", DAY_SECONDS], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units.at(-1);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / length), unit);
}
