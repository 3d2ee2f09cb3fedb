import { randomInt, randomUUID } from 'node:crypto';
import type { TestIdpClient } from '../clients.js';
import { OAuthError, TestIdpError } from '../errors.js';
import { type Answer, escaped, type Exchange, json, page } from '../http/exchange.js';
import { only, required, words } from '../http/parameters.js';
import type { Provider } from '../provider.js';
import type { Device } from '../records.js';
import type { TokenGrant } from '../tokens.js';
import { PATHS } from './endpoints.js';
import { firstRefreshToken } from './refresh-tokens.js';

/** RFC 8628 §6.1: no vowels, so no words. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

/** RFC 8628 §3.1. */
export function deviceAuthorization({ headers, parameters }: Exchange, provider: Provider): Answer {
  const { issuer, clients, records, settings } = provider;
  const { clientId } = clients.authenticate(headers.authorization, parameters);
  const letters = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  const userCode = `${letters.slice(0, 4)}-${letters.slice(4)}`;
  const deviceCode = randomUUID();
  records.devices.set(deviceCode, {
    userCode,
    clientId,
    scope: words(only(parameters, 'scope')),
    expiresAt: settings.now() + settings.deviceCodeTtl * 1_000,
    interval: settings.deviceInterval,
  });
  const verificationUri = `${issuer}${PATHS.device_verification}`;
  return json({
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: verificationUri,
    verification_uri_complete: `${verificationUri}?user_code=${userCode}`,
    expires_in: settings.deviceCodeTtl,
    interval: settings.deviceInterval,
  });
}

/** RFC 8628 §3.4, §3.5. */
export function redeemDeviceCode(form: URLSearchParams, client: TestIdpClient, provider: Provider): TokenGrant {
  const device = provider.records.devices.get(required(form, 'device_code'));
  if (device === undefined || device.clientId !== client.clientId) {
    throw new OAuthError('invalid_grant', 'the device code is unknown, or of another client');
  }
  const { decision } = device;
  if (decision === 'redeemed') throw new OAuthError('invalid_grant', 'the device code has been redeemed before');
  const now = provider.settings.now();
  if (now >= device.expiresAt) throw new OAuthError('expired_token', 'the device code has expired');
  if (decision === 'denied') throw new OAuthError('access_denied', 'the user said no');
  if (decision === undefined) throw pending(device, now);
  device.decision = 'redeemed';
  return { grant: decision, refreshToken: firstRefreshToken(decision, provider) };
}

function pending(device: Device, now: number): OAuthError {
  const isEarly = device.polledAt !== undefined && now - device.polledAt < device.interval * 1_000;
  device.polledAt = now;
  if (!isEarly) return new OAuthError('authorization_pending', 'the user has not decided yet');
  device.interval += 5;
  return new OAuthError('slow_down', `polled too soon: wait for ${device.interval} s from now on`);
}

/** Says yes or no for a user. Small letters and a missing hyphen do not matter, as they would not to a person. */
export function decideDevice(provider: Provider, typed: string, decision: { approvedBy: string } | 'denied'): void {
  const { records, settings, users } = provider;
  const plain = (code: string) => code.toUpperCase().replaceAll(/[^A-Z]/g, '');
  const device = [...records.devices.values()].find(({ userCode }) => plain(userCode) === plain(typed));
  if (device === undefined) throw new TestIdpError(`No device waits with the user code ${JSON.stringify(typed)}.`);
  if (settings.now() >= device.expiresAt) throw new TestIdpError(`The user code ${device.userCode} has expired.`);
  if (device.decision !== undefined) throw new TestIdpError(`The user code ${device.userCode} is decided already.`);
  if (decision === 'denied') {
    device.decision = 'denied';
    return;
  }
  users.get(decision.approvedBy);
  const session = records.newSession(decision.approvedBy, settings.now());
  device.decision = records.newGrant({ clientId: device.clientId, session, scope: device.scope });
}

/** The page at `verification_uri`, for a browser under test or the developer's own. */
export function deviceVerification({ method, parameters }: Exchange, provider: Provider): Answer {
  const userCode = only(parameters, 'user_code') ?? '';
  if (method !== 'POST') {
    return page(
      'Sign in a device',
      `<form method="post" action="${PATHS.device_verification}"><input name="user_code" aria-label="User code" value="${escaped(userCode)}"/>` +
        '<button name="decision" value="approve">Approve</button><button name="decision" value="deny">Deny</button></form>',
    );
  }
  const isApproved = required(parameters, 'decision') === 'approve';
  decideDevice(provider, userCode, isApproved ? { approvedBy: provider.login.as } : 'denied');
  return page(isApproved ? 'The device is signed in.' : 'The device was denied.', '');
}
