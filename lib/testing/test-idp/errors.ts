/** An error that the client is told: in JSON (RFC 6749 §5.2), or by a redirect (§4.1.2.1). */
export class OAuthError extends Error {
  constructor(
    readonly error: string,
    readonly description: string,
    readonly status = 400,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${error}: ${description}`);
  }
}

/** An error for the person at the browser, as there is nobody to redirect to; it says how the test is mended. */
export class PageError extends Error {}

/** A mistake in the test itself: its author is told what there is instead. */
export class TestIdpError extends Error {
  override readonly name = 'TestIdpError';
}
