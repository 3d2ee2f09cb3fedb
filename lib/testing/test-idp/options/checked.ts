/** The object itself, but for members that are set: a mistake is told where it is made, not where it is missed. */
export function checked<T extends object>(target: T, check: (name: string, value: unknown) => void): T {
  return new Proxy(target, {
    set: (object, name, value) => {
      check(String(name), value);
      return Reflect.set(object, name, value);
    },
  });
}
