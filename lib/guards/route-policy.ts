import type { Type } from '@nestjs/common';
import type { ClaimConstraints, EffectiveConstraints } from '../verification/constraints.js';
import { CLAIMS, IS_PUBLIC, ROLES, SCOPES, USED_GUARDS } from './metadata.js';

/** Whether a guard demands a token, takes one where it is sent, or has no say. */
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
  for (const level of [handler, controller]) {
    if (Reflect.getMetadata(IS_PUBLIC, level) === true) return { kind: 'public' };
    const used = (Reflect.getMetadata(USED_GUARDS, level) ?? []) as readonly (Type<unknown> | object)[];
    const demand = (['required', 'optional'] as const).find((wanted) =>
      used.some((guard) => demandOf(guard) === wanted),
    );
    if (demand !== undefined) {
      return { kind: 'guarded', demand, guards: used.filter((guard) => demandOf(guard) === demand) };
    }
  }
  return undefined;
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
