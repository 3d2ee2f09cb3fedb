const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

const pad = (number) => String(number).padStart(2, '0');

/** Seconds as a clock: 4:07, 1:00:00. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

export const local = (epoch) => format.format(epoch * 1000);

export const timeOfDay = (epoch) => new Date(epoch * 1000).toLocaleTimeString();

/** A moment in words as seen from now: "in 4 minutes", "12 seconds ago". */
export function relative(epoch) {
  const seconds = epoch - Math.floor(Date.now() / 1000);
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? units.at(-1);
  return ago.format(Math.trunc(seconds / size), unit);
}
