import {
  HttpException,
  Inject,
  Injectable,
  Optional,
  type CanActivate,
  type ExecutionContext,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { OperatorLog, quoted } from '../errors/operator-log.js';
import { errorResponse } from '../http/error-response.js';
import type { HttpRequest } from '../http/http-request.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import type { IdTokenClaims } from '../verification/claims.js';
import { assertConstraints, type EffectiveConstraints, type RolePlaces } from '../verification/constraints.js';
import { TokenVerifier } from '../verification/token-verifier.js';
import { rememberClaims } from './authenticated-request.js';
import { readBearerToken } from './bearer-token.js';
import {
  effectiveConstraints,
  nearestDecision,
  usedGuards,
  type Demand,
  type DemandOf,
  type Level,
} from './route-policy.js';

/** What this guard does for one route; found out once, at the route's first request. */
interface RoutePlan {
  readonly controller: Level;
  /** `undefined`: another guard, or none, decides for this route. */
  readonly demand: Demand | undefined;
  readonly constraints: EffectiveConstraints;
}

/**
 * Lets a request pass only with a valid access token that meets the route's constraints.
 *
 * ```ts
 * @Get('me') @UseGuards(OidcGuard)
 * me(@IdToken() token: IdTokenClaims) { return { sub: token.sub }; }
 * ```
 *
 * No or a bad token: 401; a constraint not met: 403; no keys to verify with: 503. Extend it to read the token
 * elsewhere ({@link readToken}), to decide more ({@link accept}) or to answer otherwise ({@link exceptionFor}); its
 * dependencies are injected into properties, so a subclass is free in its constructor.
 */
@Injectable()
export class OidcGuard implements CanActivate, OnModuleInit {
  /** What guards of this class demand where they decide. */
  static readonly demand: Demand = 'required';

  // Optional only so that their absence can be explained; see onModuleInit.
  @Optional() @Inject(TokenVerifier) protected readonly verifier!: TokenVerifier;
  @Optional() @Inject(RESOLVED_OPTIONS) private readonly options!: ResolvedOptions;
  @Inject(HttpAdapterHost) private readonly adapterHost!: HttpAdapterHost;
  @Inject(ApplicationConfig) private readonly config!: ApplicationConfig;

  private readonly log = new OperatorLog();
  private readonly plans = new WeakMap<Level, RoutePlan>();
  private rolePlaces: { brokers: ReadonlySet<string>; flattened: RolePlaces; apart: RolePlaces } | undefined;

  /** @throws {@link OidcAuthError} `module_missing` at boot, where no module was imported */
  onModuleInit(): void {
    if (this.verifier === undefined || this.options === undefined) {
      throw new OidcAuthError(
        'module_missing',
        `${this.constructor.name} found no OidcAuthModule: import OidcAuthModule.forRoot(…) in your root module ` +
          '(or, with isGlobal: false, in each module that uses the guard), and let Nest make the guard: give its class to ' +
          '@UseGuards(), or set globalGuard: true.',
      );
    }
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    // A kind of request that is not known cannot be checked, so it is denied.
    if (context.getType<string>() !== 'http') return this.deny(context);
    // A guard that somebody else made than Nest was never initialized.
    if (this.verifier === undefined) this.onModuleInit();
    const plan = this.planFor(context.getHandler(), context.getClass());
    if (plan.demand === undefined) return true;
    return this.judge(plan, context);
  }

  /** Where the token is in a request. Default: the `Authorization` header, scheme `Bearer`. */
  protected readToken(request: HttpRequest): string | undefined | Promise<string | undefined> {
    return readBearerToken(request);
  }

  /**
   * The last word on a valid token that meets the route's constraints. Whatever is not `true` (in the end, where it is a
   * promise) refuses it. Default: `true`.
   */
  protected accept(_claims: IdTokenClaims, _context: ExecutionContext): boolean | Promise<boolean> {
    return true;
  }

  /** What is thrown where a request is refused. Default: an `HttpException` as RFC 6750 §3 has it. */
  protected exceptionFor(error: OidcAuthError, context: ExecutionContext): Error {
    const { status, headers, body } = errorResponse(error);
    const response = context.switchToHttp().getResponse<unknown>();
    for (const [name, value] of Object.entries(headers)) this.adapterHost.httpAdapter.setHeader(response, name, value);
    return new HttpException({ ...body, message: error.message }, status, { cause: error });
  }

  private deny(context: ExecutionContext): false {
    this.log.error(
      `${this.constructor.name} denied what is no HTTP request (${quoted(context.getType<string>())}), at ` +
        `${context.getClass().name}.${context.getHandler().name}: verify its token by TokenVerifier in a guard of your own.`,
    );
    return false;
  }

  private async judge(plan: RoutePlan, context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    try {
      const token = await this.readToken(request);
      if (token === undefined) throw new OidcAuthError('token_missing', 'A bearer token is missing.');
      const claims = await this.verifier.verify(token);
      assertConstraints(claims, plan.constraints, this.rolePlacesOf(claims));
      if ((await this.accept(claims, context)) !== true) {
        throw new OidcAuthError('token_not_accepted', 'The token does not give access to this resource.');
      }
      rememberClaims(request, claims);
      return true;
    } catch (error) {
      return this.refuse(error, plan, request, context);
    }
  }

  private refuse(error: unknown, plan: RoutePlan, request: HttpRequest, context: ExecutionContext): boolean {
    if (!(error instanceof OidcAuthError)) throw error;
    // Not a matter of who is asking, but of a request that two programs may read in two ways.
    const isAmbiguous = error.code === 'authorization_header_repeated';
    if (plan.demand === 'optional' && !isAmbiguous) return this.passAnonymously(request);
    throw this.exceptionFor(error, context);
  }

  private passAnonymously(request: HttpRequest): true {
    rememberClaims(request, null);
    return true;
  }

  /** Applications that issue tokens put roles in one place; providers have theirs. */
  private rolePlacesOf({ iss }: IdTokenClaims): RolePlaces {
    const { roleSources: sources, broker, trustedIssuers } = this.options;
    this.rolePlaces ??= {
      brokers: new Set([
        ...(broker === undefined ? [] : [broker.issuer]),
        ...trustedIssuers.filter(({ kind }) => kind === 'broker').map(({ issuer }) => issuer),
      ]),
      flattened: { sources, areFlattened: true },
      apart: { sources, areFlattened: false },
    };
    const { brokers, flattened, apart } = this.rolePlaces;
    return brokers.has(iss) ? flattened : apart;
  }

  private planFor(handler: Level, controller: Level): RoutePlan {
    const known = this.plans.get(handler);
    // Controllers that extend one another share handlers.
    if (known?.controller === controller) return known;
    const plan = {
      controller,
      demand: this.demandFor(handler, controller),
      constraints: effectiveConstraints(handler, controller, this.options.claims),
    };
    this.plans.set(handler, plan);
    return plan;
  }

  /**
   * Stands back only where it is certain that a nearer decision replaces this guard: it was found by Nest where guards
   * are named, and what is nearer is `@Public()`, an optional guard, or a required guard of the same kind. Called in any
   * other way (by another guard, as a substitute in a test) it does what it is for.
   */
  private demandFor(handler: Level, controller: Level): Demand | undefined {
    const own = (this.constructor as typeof OidcGuard).demand;
    const decision = nearestDecision(handler, controller, demandOf);
    if (decision === undefined || !this.isNamed(handler, controller)) return own;
    if (decision.kind === 'public') return undefined;
    if (decision.guards.some((guard) => this.is(guard))) return decision.demand;
    const isReplaced =
      decision.demand === 'optional' || own === 'optional' || decision.guards.some((guard) => this.isBaseOf(guard));
    return isReplaced ? undefined : own;
  }

  private isNamed(handler: Level, controller: Level): boolean {
    return usedGuards(handler, controller).some((guard) => this.is(guard)) || this.isGlobal();
  }

  private isGlobal(): boolean {
    const requestScoped = this.config.getGlobalRequestGuards().map(({ metatype }) => metatype);
    return this.config.getGlobalGuards().includes(this) || requestScoped.some((type) => type === this.constructor);
  }

  private is(guard: Type<unknown> | object): boolean {
    return guard === this || guard === this.constructor;
  }

  private isBaseOf(guard: Type<unknown> | object): boolean {
    const type = (typeof guard === 'function' ? guard : guard.constructor) as Type<unknown>;
    return type.prototype instanceof this.constructor;
  }
}

/** The demand of a guard of ours, be it given as a class or an instance. */
export const demandOf: DemandOf = (guard: Type<unknown> | object) => {
  const type = (typeof guard === 'function' ? guard : guard.constructor) as typeof OidcGuard;
  return type === OidcGuard || type.prototype instanceof OidcGuard ? type.demand : undefined;
};
