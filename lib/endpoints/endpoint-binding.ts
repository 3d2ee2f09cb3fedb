import { RequestMapping, type Type } from '@nestjs/common';
import { IS_PUBLIC } from '../guards/metadata.js';
import { demandOf } from '../guards/oidc.guard.js';
import { prototypesOf } from '../guards/route-handlers.js';
import { usedGuards } from '../guards/route-policy.js';
import type { AuthController } from './auth.controller.js';
import { HANDLERS, type EndpointPaths } from './endpoints.js';

/**
 * A controller class of its own for one registration, whose handlers have this registration's paths. A handler
 * without a path gets no route, which is how an endpoint is left out.
 *
 * The metadata must be written to functions of the new class: those of the base are shared by all registrations. What
 * decorators left on the base handler counts for an undecorated override, too.
 */
export function bindEndpoints(base: Type<AuthController>, { paths }: EndpointPaths): Type<AuthController> {
  class BoundAuthController extends base {}
  Object.defineProperty(BoundAuthController, 'name', { value: base.name });
  for (const { name, endpoint, method } of HANDLERS) {
    const path = paths[endpoint];
    if (path === undefined) continue;
    const handler = base.prototype[name];
    const bound = function (this: AuthController, request: never, response: never): Promise<void> {
      return handler.call(this, request, response);
    };
    Object.defineProperty(bound, 'name', { value: name });
    for (const inherited of handlersOf(base, name)) {
      // An override that is given a guard of ours is not public any more.
      if (isGuarded(inherited)) Reflect.deleteMetadata(IS_PUBLIC, bound);
      copyMetadata(inherited, bound);
    }
    const descriptor = { value: bound, writable: true, configurable: true, enumerable: false };
    RequestMapping({ path, method })(BoundAuthController.prototype, name, descriptor);
    Object.defineProperty(BoundAuthController.prototype, name, descriptor);
  }
  return BoundAuthController;
}

/** The handler of a name in a class and its bases, the base's first. */
function handlersOf(type: Type<unknown>, name: string): Function[] {
  const prototypes = prototypesOf(type).toReversed() as Record<string, Function>[];
  return prototypes.filter((prototype) => Object.hasOwn(prototype, name)).map((prototype) => prototype[name]!);
}

function isGuarded(handler: Function): boolean {
  return usedGuards(handler).some((guard) => demandOf(guard) !== undefined);
}

function copyMetadata(from: Function, to: Function): void {
  for (const key of Reflect.getOwnMetadataKeys(from))
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
}
