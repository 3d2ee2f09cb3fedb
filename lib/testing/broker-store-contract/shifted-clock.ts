/** Makes this process one of a machine whose clock is so many ms ahead: `Date` says so from now on. */
export function shiftClock(ms: number): void {
  const { now } = Date;
  Date.now = () => now() + ms;
  globalThis.Date = new Proxy(Date, {
    construct: (date, given, target) => Reflect.construct(date, given.length === 0 ? [Date.now()] : given, target),
    apply: () => new Date().toString(),
  });
  // Some tell a date by its constructor.
  Reflect.set(Date.prototype, 'constructor', Date);
}
