import { Controller, Inject, Req, Res, UseFilters, VERSION_NEUTRAL } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Auth } from '../decorators/auth.decorator.js';
import { Public } from '../decorators/public.decorator.js';
import { OidcAuthError } from '../errors/oidc-auth-error.js';
import { readBearerToken } from '../guards/bearer-token.js';
import { claimsOf } from '../guards/authenticated-request.js';
import { bindingCookieNames, isBindingCookie, type BrowserBinding } from '../login/browser-binding.js';
import { LOGIN_LIFETIME } from '../login/login-state.js';
import { OidcAuthService } from '../login/oidc-auth.service.js';
import type { TokenResponse } from '../login/token-response.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../options/resolved-options.js';
import { ENDPOINT_PATHS, type EndpointPaths } from './endpoints.js';
import { HttpReply } from '../http/http-reply.js';
import { cookiesOf, prefersJson, type HttpRequest } from '../http/http-request.js';
import { loginRequestOf } from './login-parameters.js';
import { OAuthErrorFilter } from '../http/oauth-error.filter.js';
import { isOwnCallback } from './own-callback.js';
import { replyPublicly } from '../http/reply-publicly.js';
import { replyWithMetadata } from './reply-with-metadata.js';
import { invalid, RequestParameters } from '../http/request-parameters.js';
import { tokenRequestOf, type TokenRequest } from './token-request.js';

/** At most so many logins of one browser are under way; beyond that the oldest is given up. */
const MOST_LOGINS = 8;

/**
 * The endpoints: parameters in, answers out, no logic beyond HTTP. Which path each handler has is decided where the
 * module is registered.
 *
 * Extend it (the `authController` extra) to change an answer; an overridden method needs no decorator.
 */
@UseFilters(OAuthErrorFilter)
@Controller({ version: VERSION_NEUTRAL })
export class AuthController {
  @Inject(OidcAuthService) protected readonly service!: OidcAuthService;
  @Inject(HttpAdapterHost) protected readonly adapterHost!: HttpAdapterHost;
  @Inject(RESOLVED_OPTIONS) private readonly options!: ResolvedOptions;
  @Inject(ENDPOINT_PATHS) private readonly endpoints!: EndpointPaths;

  /** Starts a login: leads the browser to the provider. */
  @Public()
  async login(@Req() request: HttpRequest, @Res() response: unknown): Promise<void> {
    const reply = this.navigation(request, response);
    const parameters = RequestParameters.ofQuery(request);
    const redirectUri = parameters.required(
      'redirect_uri',
      'for a login that ends here it is the address of the callback',
    );
    const ownCallback = isOwnCallback(redirectUri, request, this.endpoints, this.options.publicUrl);
    const { url, browserBinding } = await this.service.login(loginRequestOf(parameters, redirectUri, ownCallback));
    if (browserBinding !== undefined) bindBrowser(request, reply, browserBinding);
    reply.redirect(url);
  }

  /** Ends a login whose redirect URI is this endpoint. */
  @Public()
  async callback(@Req() request: HttpRequest, @Res() response: unknown): Promise<void> {
    const reply = this.navigation(request, response);
    const parameters = RequestParameters.ofQuery(request);
    const state = parameters.required('state');
    const cookies = cookiesOf(request);
    const cookie = bindingCookieNames(state).find((name) => cookies.has(name));
    // Whatever comes of it, this login is over.
    if (cookie !== undefined) reply.cookie(cookie, '', cookie.startsWith('__Host-'), 0);
    const tokens = await this.service.completeLogin({
      state,
      browserCookie: cookie === undefined ? undefined : { name: cookie, value: cookies.get(cookie)! },
      code: parameters.optional('code'),
      iss: parameters.optional('iss'),
      error: parameters.optional('error'),
      error_description: parameters.optional('error_description'),
    });
    await this.respondToLogin(tokens, request, response);
  }

  /** Redeems a code, a refresh token or a device code; in broker mode, exchanges a token. */
  @Public()
  async token(@Req() request: HttpRequest, @Res() response: unknown): Promise<void> {
    const reply = new HttpReply(this.adapterHost, response);
    const asked = tokenRequestOf(RequestParameters.ofBody(request), {
      canExchange: this.options.broker !== undefined,
    });
    reply.json(await this.redeem(asked));
  }

  /** Starts the device flow. */
  @Public()
  async device(@Req() request: HttpRequest, @Res() response: unknown): Promise<void> {
    const reply = new HttpReply(this.adapterHost, response);
    const scope = RequestParameters.ofBody(request).optional('scope');
    reply.json(await this.service.authorizeDevice(scope));
  }

  /** Leads the browser to the provider to end its session there. */
  @Public()
  async logout(@Req() request: HttpRequest, @Res() response: unknown): Promise<void> {
    const reply = this.navigation(request, response, this.options.broker === undefined ? 'GET' : 'GET, POST');
    const parameters = RequestParameters.ofQuery(request);
    const url = await this.service.logoutUrl({
      post_logout_redirect_uri: parameters.optional('post_logout_redirect_uri'),
      id_token_hint: parameters.optional('id_token_hint'),
      state: parameters.optional('state'),
    });
    reply.redirect(url);
  }

  /** Broker mode: ends the session a token belongs to, then leads the browser to the provider, or says where to. */
  @Public()
  async endSession(@Req() request: HttpRequest, @Res() response: unknown): Promise<void> {
    const reply = this.navigation(request, response);
    const parameters = RequestParameters.ofBody(request);
    const accessToken = readBearerToken(request);
    const refreshToken = parameters.optional('refresh_token');
    if (accessToken === undefined && refreshToken === undefined && this.options.broker !== undefined) {
      throw invalid('Send the access token as bearer token, or the refresh_token.');
    }
    const url = await this.service.endSession(
      { accessToken, refreshToken },
      {
        post_logout_redirect_uri: parameters.optional('post_logout_redirect_uri'),
        state: parameters.optional('state'),
      },
    );
    if (prefersJson(request)) reply.json({ logout_url: url });
    else reply.redirect(url, 303);
  }

  /** Broker mode: the keys this application signs with (RFC 7517 §5). */
  @Public()
  async jwks(@Req() request: HttpRequest, @Res() response: unknown): Promise<void> {
    replyPublicly(this.adapterHost, request, response, { keys: await this.service.publicKeys() });
  }

  /** Broker mode: what others need to know to verify this application's tokens (RFC 8414 §2, Discovery §3). */
  @Public()
  async metadata(@Req() request: HttpRequest, @Res() response: unknown): Promise<void> {
    await replyWithMetadata(this.adapterHost, request, response, this.options, this.endpoints, () =>
      this.service.publicKeys(),
    );
  }

  /** Who the bearer token belongs to. */
  @Auth({ claims: {} })
  async userinfo(@Req() request: HttpRequest, @Res() response: unknown): Promise<void> {
    const claims = claimsOf(request)!;
    const token = readBearerToken(request)!;
    new HttpReply(this.adapterHost, response).json(await this.service.userInfo(token, claims));
  }

  /** What the callback answers once somebody is signed in. Override it to set a session cookie and redirect, say. */
  protected async respondToLogin(tokens: TokenResponse, _request: unknown, response: unknown): Promise<void> {
    new HttpReply(this.adapterHost, response).json(tokens);
  }

  private redeem(asked: TokenRequest): Promise<TokenResponse> {
    switch (asked.grant) {
      case 'authorization_code':
        return this.service.redeemCode(asked.parameters);
      case 'refresh_token':
        return this.service.refresh(asked.refreshToken);
      case 'device_code':
        return this.service.redeemDeviceCode(asked.deviceCode);
      case 'token_exchange':
        return this.service.exchangeToken(asked.parameters);
    }
  }

  /** Browsers and link checkers may ask by HEAD, which adapters give to GET handlers: it must have no effect. */
  private navigation(request: HttpRequest, response: unknown, allowed = 'GET'): HttpReply {
    const reply = new HttpReply(this.adapterHost, response).headers({ 'Referrer-Policy': 'no-referrer' });
    if (request.method === 'HEAD') {
      reply.headers({ Allow: allowed });
      throw new OidcAuthError('method_not_allowed', `Only ${allowed} is possible here.`);
    }
    return reply;
  }
}

function bindBrowser(request: HttpRequest, reply: HttpReply, { name, value, secure }: BrowserBinding): void {
  const underWay = [...cookiesOf(request).keys()].filter(isBindingCookie);
  for (const oldest of underWay.slice(0, Math.max(0, underWay.length + 1 - MOST_LOGINS))) {
    reply.cookie(oldest, '', oldest.startsWith('__Host-'), 0);
  }
  reply.cookie(name, value, secure, LOGIN_LIFETIME);
}
