import type { Type } from '@nestjs/common';
import { joinPaths } from '../options/addresses.js';
import { ENDPOINT_NAMES, type EndpointPaths } from './endpoints.js';

/** Where Nest keeps what `@Controller()` and `@Get()` were given. */
const PATH = 'path';

/** Says which routes of the application's controllers lie on an endpoint's path: adapters would serve either. */
export function endpointConflicts(controllers: readonly Type<unknown>[], { paths }: EndpointPaths): string[] {
  return controllers.flatMap((controller) =>
    routesOf(controller).flatMap((route) =>
      ENDPOINT_NAMES.filter((name) => paths[name] !== undefined && joinPaths(paths[name]) === route).map(
        (name) =>
          `controllers: ${controller.name} has the route ${route}, which is the ${name} endpoint: rename one of them ` +
          `(endpoints: { ${name}: '/another/path' }) or extend AuthController instead (authController)`,
      ),
    ),
  );
}

function routesOf(controller: Type<unknown>): string[] {
  const bases = list(Reflect.getMetadata(PATH, controller));
  const handlers = prototypesOf(controller)
    .flatMap((prototype) => Object.values(Object.getOwnPropertyDescriptors(prototype)))
    .map(({ value }) => value as unknown)
    .filter((value): value is Function => typeof value === 'function' && Reflect.hasOwnMetadata(PATH, value));
  const routes = handlers.flatMap((handler) => list(Reflect.getOwnMetadata(PATH, handler)));
  return bases.flatMap((base) => routes.map((route) => joinPaths(base, route)));
}

/** Routes are inherited, too. */
function prototypesOf(type: Type<unknown>): object[] {
  const prototypes: object[] = [];
  for (let prototype = type.prototype; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    prototypes.push(prototype);
  }
  return prototypes;
}

function list(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value ?? '']) as string[];
}
