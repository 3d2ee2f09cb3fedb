import {
  Inject,
  Module,
  Optional,
  type DynamicModule,
  type InjectionToken,
  type OnApplicationBootstrap,
  type OnModuleInit,
  type OptionalFactoryDependency,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, ModulesContainer, RouterModule } from '@nestjs/core';
import { BROKER_PROVIDERS } from './broker/broker-providers.js';
import { BrokerTokenIssuer } from './broker/broker-token-issuer.js';
import { OwnIssuer } from './broker/issuing/own-issuer.js';
import { StoreClock } from './broker/records/store-clock.js';
import { StoredOneTimeUse } from './broker/records/stored-one-time-use.js';
import { TokenBroker } from './broker/token-broker.js';
import { Clock, SystemClock } from './clock/clock.js';
import { OidcAuthError } from './errors/oidc-auth-error.js';
import { KnownPeerKeys } from './federation/known-peer-keys.js';
import { TrustedIssuers } from './federation/trusted-issuers.js';
import { OidcGuard } from './guards/oidc.guard.js';
import { OptionalOidcGuard } from './guards/optional-oidc.guard.js';
import { UnguardedConstraints } from './guards/unguarded-constraints.js';
import { AuthController } from './endpoints/auth.controller.js';
import { bindEndpoints } from './endpoints/endpoint-binding.js';
import { rootMetadata } from './endpoints/root-metadata.js';
import { endpointConflicts } from './endpoints/endpoint-conflicts.js';
import { ENDPOINT_PATHS } from './endpoints/endpoints.js';
import { AuthorizationRequests } from './login/authorization-request.js';
import { CodeRedemption } from './login/code-redemption.js';
import { LoginStates } from './login/login-state.js';
import { OidcAuthService } from './login/oidc-auth.service.js';
import { InMemoryOneTimeUse, OneTimeUse } from './login/one-time-use.js';
import { RedirectPolicy } from './login/redirect-policy.js';
import { PassThroughTokenIssuer } from './login/pass-through-token-issuer.js';
import { TokenIssuer } from './login/token-issuer.js';
import { UserInfoService } from './login/user-info.js';
import { endpointPathsOf, extraProblems } from './endpoints/module-extras.js';
import type { OidcAuthModuleExtras, OidcAuthOptions, OidcAuthOptionsFactory } from './options/oidc-auth-options.js';
import { nearestName } from './options/nearest-name.js';
import { OPTION_RULES } from './options/option-rules.js';
import { EXTRA_NAMES, resolveOptions } from './options/resolve-options.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from './options/resolved-options.js';
import { IdentityProvider } from './provider/identity-provider.js';
import { KeyRing } from './sealing/key-ring.js';
import { assertApart, remember } from './registrations.js';
import { StartUp } from './start-up.js';
import { BrokerStore } from './store/broker-store.js';
import { configuredStore, PROVIDED_STORE } from './store/configured-store.js';
import { IdTokenVerifier } from './verification/id-token-verifier.js';
import { ProviderIssuer } from './verification/provider-issuer.js';
import { ProviderAccessTokens } from './verification/provider-access-tokens.js';
import { OwnTokenVerifier, ProviderTokenVerifier, TokenVerifier } from './verification/token-verifier.js';

/** How `forRootAsync` comes by its options: exactly one of the three `use…`. */
export interface OidcAuthModuleAsyncOptions extends OidcAuthModuleExtras {
  /** Makes the options from what `inject` names. May be asynchronous. */
  // oxlint-disable-next-line typescript/no-explicit-any -- Nest's own type of a factory
  useFactory?: ((...dependencies: any[]) => OidcAuthOptions | Promise<OidcAuthOptions>) | undefined;
  /** A class that makes the options; instantiated by the module. */
  useClass?: Type<OidcAuthOptionsFactory> | undefined;
  /** A provider of one of `imports` that makes the options. */
  useExisting?: InjectionToken<OidcAuthOptionsFactory> | undefined;
  /** Tokens of the arguments of `useFactory`. Default none. */
  inject?: readonly (InjectionToken | OptionalFactoryDependency)[] | undefined;
}

/** The ways to come by options. */
const SOURCES = ['useFactory', 'useClass', 'useExisting'] as const;

const ASYNC_NAMES: readonly string[] = [...SOURCES, 'inject'];

/**
 * OpenID Connect for an application: endpoints, guards and services.
 *
 * ```ts
 * @Module({ imports: [OidcAuthModule.forRoot({ clientId, clientSecret, discoveryUrl })] })
 * export class AppModule {}
 * ```
 */
@Module({})
export class OidcAuthModule implements OnModuleInit, OnApplicationBootstrap {
  // Optional only so that its absence can be explained.
  @Optional() @Inject(StartUp) private readonly startUp: StartUp | undefined;

  /**
   * Registers the module with options that are known now.
   *
   * Problems with the options are told at boot, all in one {@link OidcAuthError} `options_invalid`.
   */
  static forRoot(optionsAndExtras: OidcAuthOptions & OidcAuthModuleExtras): DynamicModule {
    const { options, extras } = split(optionsAndExtras);
    const { brokerJwksPath: jwks, brokerMode } = options;
    const endpoints = {
      ...(typeof jwks === 'string' ? { jwks } : {}),
      // An application that is no issuer may have such a route of its own.
      ...(brokerMode === true ? {} : { metadata: false as const }),
      ...extras.endpoints,
    };
    return register({ ...extras, endpoints }, [{ provide: RAW_OPTIONS, useValue: options }], []);
  }

  /**
   * Registers the module with options that are made at boot. Extras stand beside `useFactory`, not in its result.
   *
   * Problems are told as those of {@link forRoot}.
   */
  static forRootAsync(asyncOptions: OidcAuthModuleAsyncOptions): DynamicModule {
    const { options: rest, extras } = split(asyncOptions);
    const sources = SOURCES.filter((name) => asyncOptions[name] !== undefined);
    const problems = [
      ...Object.keys(rest).flatMap(asyncNameProblem),
      ...(sources.length === 1
        ? []
        : [`forRootAsync needs one of ${SOURCES.join(', ')}, and was given ${sources.length}`]),
    ];
    return register(extras, optionsProviders(asyncOptions), problems);
  }

  /** @throws {@link OidcAuthError} `module_missing` */
  onModuleInit(): void {
    if (this.startUp === undefined) {
      throw new OidcAuthError(
        'module_missing',
        'OidcAuthModule was imported without forRoot(…): call forRoot or forRootAsync once, in the root module. ' +
          'Other modules need no import.',
      );
    }
  }

  /** The provider is asked ahead of the first request; the application starts without waiting for it. */
  onApplicationBootstrap(): void {
    void this.startUp?.run();
  }
}

/** DI token of the options as the application gave them. */
const RAW_OPTIONS = Symbol('nestjs-oidc-auth:options');

function split<T extends OidcAuthModuleExtras>(
  given: T,
): { options: Omit<T, keyof OidcAuthModuleExtras>; extras: OidcAuthModuleExtras } {
  const entries = Object.entries(given ?? {});
  return {
    extras: Object.fromEntries(entries.filter(([name]) => EXTRA_NAMES.has(name))),
    options: Object.fromEntries(entries.filter(([name]) => !EXTRA_NAMES.has(name))) as Omit<
      T,
      keyof OidcAuthModuleExtras
    >,
  };
}

function register(
  extras: OidcAuthModuleExtras,
  sources: readonly Provider[],
  problems: readonly string[],
): DynamicModule {
  const endpointPaths = endpointPathsOf(extras);
  const controllers = [...(Array.isArray(extras.controllers) ? extras.controllers : [])];
  const { authController = AuthController, globalGuard = false } = extras;
  const hasController = isKindOf(authController, AuthController);
  const hasGuard = typeof globalGuard === 'boolean' || isKindOf(globalGuard, OidcGuard);
  const allProblems = [
    ...problems,
    ...extraProblems(extras),
    ...(hasController ? [] : ['authController must be a class that extends AuthController']),
    ...(hasGuard ? [] : ['globalGuard must be true, false or a class that extends OidcGuard']),
    ...endpointConflicts(controllers, endpointPaths),
  ];
  const registration = {
    problems: allProblems,
    prefix: endpointPaths.prefix,
    hasTokenEndpoint: endpointPaths.paths.token !== undefined,
    jwksPath: endpointPaths.paths.jwks,
    hasStoreProvider: extras.brokerStore !== undefined,
  };
  class Registration extends OidcAuthModule {}
  Object.defineProperty(Registration, 'name', { value: OidcAuthModule.name });
  const isGlobal = extras.isGlobal !== false;
  remember(Registration, { isGlobal, endpoints: endpointPaths });

  const guards = [OidcGuard, OptionalOidcGuard];
  const root = endpointPaths.paths.metadata === undefined ? undefined : rootMetadata(endpointPaths);
  return {
    module: Registration,
    global: isGlobal,
    imports: [
      RouterModule.register([{ path: endpointPaths.prefix, module: Registration }]),
      ...(root === undefined ? [] : [root.module]),
      ...(Array.isArray(extras.imports) ? extras.imports : []),
    ],
    controllers: [
      bindEndpoints(hasController ? (authController as Type<AuthController>) : AuthController, endpointPaths),
      ...controllers,
    ],
    providers: [
      ...sources,
      { provide: ENDPOINT_PATHS, useValue: endpointPaths },
      {
        provide: RESOLVED_OPTIONS,
        useFactory: (options: OidcAuthOptions, modules: ModulesContainer) => {
          assertApart(modules);
          return resolveOptions(options, registration);
        },
        inject: [RAW_OPTIONS, ModulesContainer],
      },
      {
        provide: KeyRing,
        useFactory: (options: ResolvedOptions) => KeyRing.from(options.encryptionKeys),
        inject: [RESOLVED_OPTIONS],
      },
      IdentityProvider,
      ProviderIssuer,
      ProviderAccessTokens,
      IdTokenVerifier,
      RedirectPolicy,
      LoginStates,
      AuthorizationRequests,
      CodeRedemption,
      UserInfoService,
      OidcAuthService,
      UnguardedConstraints,
      StartUp,
      ...(root === undefined ? [] : [root.source]),
      ...BROKER_PROVIDERS,
      ...(allProblems.length > 0 || extras.brokerStore === undefined
        ? []
        : [{ provide: PROVIDED_STORE, ...extras.brokerStore } as Provider]),
      {
        provide: BrokerStore,
        useFactory: configuredStore,
        inject: [RESOLVED_OPTIONS, { token: PROVIDED_STORE, optional: true }],
      },
      SystemClock,
      InMemoryOneTimeUse,
      PassThroughTokenIssuer,
      byMode(Clock, StoreClock, SystemClock),
      byMode(OneTimeUse, StoredOneTimeUse, InMemoryOneTimeUse),
      byMode(TokenIssuer, BrokerTokenIssuer, PassThroughTokenIssuer),
      KnownPeerKeys,
      TrustedIssuers,
      verifierOf(
        TokenVerifier,
        ({ broker }) => broker !== undefined,
        ({ all }) => all,
      ),
      verifierOf(OwnTokenVerifier, () => true),
      verifierOf(ProviderTokenVerifier, () => false),
      ...guards,
      ...(hasGuard ? globalGuardProviders(globalGuard) : []),
    ],
    exports: [OidcAuthService, TokenVerifier, TokenBroker, RESOLVED_OPTIONS, BrokerStore, ...guards],
  };
}

/** What broker mode does another way than pass-through mode. */
function byMode<T>(token: InjectionToken<T>, broker: Type<T>, passThrough: Type<T>): Provider {
  return {
    provide: token,
    useFactory: ({ broker: options }: ResolvedOptions, one: T, other: T) => (options === undefined ? other : one),
    inject: [RESOLVED_OPTIONS, broker, passThrough],
  };
}

/** A verifier of our own tokens, or of the provider's, and of those of issuers that are trusted besides. */
function verifierOf(
  type: typeof TokenVerifier,
  isForOwn: (options: ResolvedOptions) => boolean,
  besides: (trusted: TrustedIssuers) => TrustedIssuers['all'] = () => [],
): Provider {
  return {
    provide: type,
    useFactory: (
      options: ResolvedOptions,
      clock: Clock,
      provider: ProviderIssuer,
      own: OwnIssuer,
      trusted: TrustedIssuers,
    ) => new type(options, isForOwn(options) ? own : provider, clock, besides(trusted)),
    inject: [RESOLVED_OPTIONS, Clock, ProviderIssuer, OwnIssuer, TrustedIssuers],
  };
}

function isKindOf(type: unknown, base: Function): boolean {
  return typeof type === 'function' && (type === base || type.prototype instanceof base);
}

function asyncNameProblem(name: string): string[] {
  if (ASYNC_NAMES.includes(name)) return [];
  if (name in OPTION_RULES) return [`${name} is an option: let the factory return it`];
  const nearest = nearestName(name, [...ASYNC_NAMES, ...EXTRA_NAMES]);
  return [`${name} is not known here${nearest === undefined ? '' : `: did you mean ${nearest}?`}`];
}

function optionsProviders({ useFactory, useClass, useExisting, inject }: OidcAuthModuleAsyncOptions): Provider[] {
  if (useFactory !== undefined) return [{ provide: RAW_OPTIONS, useFactory, inject: [...(inject ?? [])] }];
  const token = useExisting ?? useClass;
  // That there is none is told with all other problems.
  if (token === undefined) return [{ provide: RAW_OPTIONS, useValue: {} }];
  return [
    ...(useExisting === undefined && useClass !== undefined ? [useClass] : []),
    {
      provide: RAW_OPTIONS,
      useFactory: (factory: OidcAuthOptionsFactory) => factory.createOidcAuthOptions(),
      inject: [token],
    },
  ];
}

function globalGuardProviders(globalGuard: NonNullable<OidcAuthModuleExtras['globalGuard']>): Provider[] {
  if (globalGuard === false) return [];
  if (globalGuard === true) return [{ provide: APP_GUARD, useExisting: OidcGuard }];
  return [globalGuard, { provide: APP_GUARD, useExisting: globalGuard }];
}
