/** OAuth error codes in words that say what to do. */
const explanations = {
  access_denied: 'The login was cancelled or refused at the identity provider.',
  account_selection_required: 'The identity provider wants you to choose an account. Log in again.',
  authorization_pending: 'The identity provider is still waiting for your approval.',
  consent_required: 'The identity provider wants your consent. Log in again.',
  expired_token: 'Nobody approved in time. Begin again.',
  interaction_required: 'The identity provider wants to ask you something. Log in again.',
  invalid_client: 'The identity provider does not accept this application. Check its client id and secret.',
  invalid_grant: 'This is no longer valid: it has been used, has expired or was revoked. Log in again.',
  invalid_scope: 'The identity provider does not grant what was asked for. Try other scopes.',
  login_required: 'The identity provider wants you to log in again.',
  server_error: 'The identity provider had a problem of its own.',
  temporarily_unavailable: 'The identity provider cannot be reached right now. Try again in a moment.',
  unauthorized_client: 'The identity provider does not allow this application to do that. Check its settings there.',
  unsupported_grant_type: 'The identity provider does not offer this way of logging in to this application.',
};

/** An error as OAuth tells it: a code, and mostly a description. */
export class Problem extends Error {
  constructor(code, description) {
    super(explanations[code] ?? (description || 'Something went wrong.'));
    this.code = code;
    this.detail = [description, code && `(${code})`].filter((part) => part && part !== this.message).join(' ');
  }
}

export async function problemOf(answer) {
  const body = await answer.json().catch(() => ({}));
  return new Problem(body.error ?? `status ${answer.status}`, body.error_description ?? body.message);
}

/** fetch, with "the application does not answer" told like any other problem. */
export async function ask(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    throw new Problem('no answer', 'The application does not answer. Is it still running?');
  }
}
