import type { Type } from '@nestjs/common';
import { PATH, routeHandlersOf } from '../guards/route-handlers.js';
import { joinPaths } from '../options/addresses.js';
import { ENDPOINT_NAMES, type EndpointPaths } from './endpoints.js';

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
  const routes = routeHandlersOf(controller).flatMap((handler) => list(Reflect.getOwnMetadata(PATH, handler)));
  return bases.flatMap((base) => routes.map((route) => joinPaths(base, route)));
}

function list(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value ?? '']) as string[];
}
