import type { Type } from '@nestjs/common';
import type { ClaimConstraints, EffectiveConstraints } from '../verification/constraints.js';
import { CLAIMS, IS_PUBLIC, ROLES, SCOPES, USED_GUARDS } from './metadata.js';

/** Whether a guard demands a token, or takes one where it is sent. */
export type Demand = 'required' | 'optional';

/** A handler or a controller class: what decorators write their metadata to. */
export type Level = Function;

/** Tells the demand of a guard that `@UseGuards()` was given; `undefined` for guards that are not ours. */
export type DemandOf = (guard: Type<unknown> | object) => Demand | undefined;

/** What the nearest level that says anything decides for a route. */
export type Decision =
  | { readonly kind: 'public' }
  | { readonly kind: 'guarded'; readonly demand: Demand; readonly guards: readonly (Type<unknown> | object)[] }
  | undefined;

/**
 * The nearest level decides: the handler, then its controller; `undefined` where neither says anything, so that a
 * global guard decides for itself. On one level `@Public()` goes before guards, a required guard before an optional.
 *
 * Nest runs the guards of all levels, one after the other. Without this an optional handler could not stand in a
 * guarded controller.
 */
export function nearestDecision(handler: Level, controller: Level, demandOf: DemandOf): Decision {
  for (const { isPublic, guards } of [ownStatement(handler), ...statementsOf(controller)]) {
    if (isPublic) return { kind: 'public' };
    const demand = (['required', 'optional'] as const).find((wanted) =>
      guards.some((guard) => demandOf(guard) === wanted),
    );
    if (demand !== undefined) {
      return { kind: 'guarded', demand, guards: guards.filter((guard) => demandOf(guard) === demand) };
    }
  }
  return undefined;
}

/** All guards that `@UseGuards()` was given on these levels. */
export function usedGuards(...levels: readonly Level[]): readonly (Type<unknown> | object)[] {
  return levels.flatMap((level) => guardsOn(level));
}

interface Statement {
  readonly isPublic: boolean;
  readonly guards: readonly (Type<unknown> | object)[];
}

/** What a controller says, then what the classes say that it extends: the nearest of them decides, too. */
function* statementsOf(controller: Level): Generator<Statement> {
  for (
    let type = controller;
    typeof type === 'function' && type !== Function.prototype;
    type = Object.getPrototypeOf(type)
  ) {
    yield ownStatement(type);
  }
}

function ownStatement(level: Level): Statement {
  // Nest adds a class's guards to those of its base, which come first.
  const inherited = guardsOn(Object.getPrototypeOf(level) as Level).length;
  const isOwn = Reflect.hasOwnMetadata(USED_GUARDS, level);
  return {
    isPublic: Reflect.getOwnMetadata(IS_PUBLIC, level) === true,
    guards: isOwn ? guardsOn(level).slice(inherited) : [],
  };
}

function guardsOn(level: Level): readonly (Type<unknown> | object)[] {
  return (Reflect.getMetadata(USED_GUARDS, level) as readonly (Type<unknown> | object)[] | undefined) ?? [];
}

/** Scopes, claims and roles, each from the nearest level that sets it; claims at last from the module's options. */
export function effectiveConstraints(
  handler: Level,
  controller: Level,
  fallback: ClaimConstraints,
): EffectiveConstraints {
  const nearest = <T>(key: string): T | undefined =>
    Reflect.getMetadata(key, handler) ?? Reflect.getMetadata(key, controller);
  return {
    scopes: nearest<readonly string[]>(SCOPES) ?? [],
    claims: Object.entries(nearest<ClaimConstraints>(CLAIMS) ?? fallback),
    roles: nearest<readonly string[]>(ROLES) ?? [],
  };
}
