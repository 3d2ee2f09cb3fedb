import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { loginPage, problemPage } from './pages.js';
import { signIn } from './users.js';

const MAX_FORM_BYTES = 4096;

/** Shows the login form of an interaction that oidc-provider has begun, and finishes it. */
export async function login(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    const interaction = await provider.interactionDetails(req, res);
    if (interaction.prompt.name === 'consent') {
      // Asked for by prompt=consent (offline access); this provider grants without a page.
      return await provider.interactionFinished(req, res, { consent: {} }, { mergeWithLastSubmission: true });
    }
    if (req.method !== 'POST') return html(res, 200, loginPage());

    const form = await readForm(req);
    if (form.has('cancel')) {
      const denied = { error: 'access_denied', error_description: 'The login was cancelled' };
      return await provider.interactionFinished(req, res, denied);
    }
    const user = signIn(form.get('username'), form.get('password'));
    if (!user) return html(res, 401, loginPage({ username: form.get('username') ?? '', failed: true }));
    await provider.interactionFinished(req, res, { login: { accountId: user.username, amr: ['pwd'] } });
  } catch {
    html(res, 400, problemPage('This login has expired', 'Go back to the application and begin again.'));
  }
}

function html(res: ServerResponse, status: number, body: string): void {
  res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(body);
}

async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  let body = '';
  for await (const chunk of req.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_FORM_BYTES) throw new Error('form too large');
  }
  return new URLSearchParams(body);
}
