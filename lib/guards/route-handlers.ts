import type { Level } from './route-policy.js';

/** Where Nest keeps what `@Controller()` and `@Get()` were given. */
export const PATH = 'path';

/** What a class inherits from, itself first. Nest's routes are inherited, too. */
export function prototypesOf(type: Level): object[] {
  const prototypes: object[] = [];
  for (let prototype = type.prototype; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    prototypes.push(prototype);
  }
  return prototypes;
}

/** The methods of a controller that have a route. */
export function routeHandlersOf(controller: Level): Function[] {
  return prototypesOf(controller)
    .flatMap((prototype) => Object.values(Object.getOwnPropertyDescriptors(prototype)))
    .map(({ value }) => value as unknown)
    .filter((value): value is Function => typeof value === 'function' && Reflect.hasOwnMetadata(PATH, value));
}
