import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { CLAIMS, ROLES, SCOPES } from './metadata.js';
import { demandOf, OidcGuard } from './oidc.guard.js';
import { routeHandlersOf } from './route-handlers.js';
import { nearestDecision, type Level } from './route-policy.js';

const CONSTRAINTS = [SCOPES, CLAIMS, ROLES];

/** Finds handlers whose `@Scopes()`, `@Claims()` or `@Roles()` nobody enforces: they look guarded and are open. */
@Injectable()
export class UnguardedConstraints {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {}

  /** Their names, as `Controller.handler`. */
  find(): string[] {
    if (this.hasGlobalGuard()) return [];
    const controllers = [...this.modules.values()].flatMap(({ controllers }) => [...controllers.values()]);
    return controllers.flatMap(({ metatype }) => (metatype ? unguardedHandlers(metatype) : []));
  }

  private hasGlobalGuard(): boolean {
    const requestScoped = this.config.getGlobalRequestGuards().map(({ metatype }) => metatype as Function | null);
    return (
      this.config.getGlobalGuards().some((guard) => guard instanceof OidcGuard) ||
      requestScoped.some((type) => type !== null && (type === OidcGuard || type.prototype instanceof OidcGuard))
    );
  }
}

function unguardedHandlers(controller: Level): string[] {
  const isConstrained = (level: Level) => CONSTRAINTS.some((key) => Reflect.hasMetadata(key, level));
  return routeHandlersOf(controller)
    .filter((handler) => isConstrained(handler) || isConstrained(controller))
    .filter((handler) => nearestDecision(handler, controller, demandOf) === undefined)
    .map((handler) => `${controller.name}.${handler.name}`);
}
