import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { escape, page } from './layout.js';
import { users } from './users.js';

export function loginPage({ username = '', failed = false } = {}): string {
  const people = users
    .map(
      (user) => `
      <form method="post">
        <input type="hidden" name="username" value="${user.username}">
        <input type="hidden" name="password" value="${user.password}">
        <button class="person">
          <span class="avatar">${user.givenName[0]}</span>
          <span><strong>${user.name}</strong><small>${user.username} · password ${user.password}</small></span>
          <span class="roles">${user.roles.map((role) => `<i>${role}</i>`).join('')}</span>
        </button>
      </form>`,
    )
    .join('');
  return page(
    'Sign in',
    `<h1>Sign in</h1>
    <p class="lead">to continue to <strong>Quickstart</strong></p>
    ${failed ? '<p class="problem" role="alert">This name and password do not belong together.</p>' : ''}
    <div class="people">${people}</div>
    <p class="or"><span>or type them</span></p>
    <form method="post">
      <label>Name <input name="username" value="${escape(username)}" autocomplete="username" autocapitalize="none" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <div class="actions">
        <button class="primary">Sign in</button>
        <button name="cancel" value="yes" formnovalidate>Cancel</button>
      </div>
    </form>`,
  );
}

export const problemPage = (title: string, text: string): string =>
  page(title, `<h1>${escape(title)}</h1><p class="lead">${escape(text)}</p>`);

export function errorPage(ctx: KoaContextWithOIDC, out: ErrorOut, applicationUrl = '/'): void {
  ctx.type = 'html';
  ctx.body = page(
    'Something is not right',
    `<h1>Something is not right</h1>
    <p class="lead">${escape(out.error_description ?? 'The request could not be answered.')}</p>
    <p><code>${escape(out.error)}</code></p>
    <p><a class="button" href="${escape(applicationUrl)}">Back to the application</a></p>`,
  );
}

export function deviceCodePage(ctx: KoaContextWithOIDC, form: string, _out?: ErrorOut, error?: Error): void {
  const problems: Record<string, string> = {
    NotFoundError: 'No device is waiting with this code.',
    ExpiredError: 'This code has expired. Begin again on the device.',
    AlreadyUsedError: 'This code has been used already.',
    AbortedError: 'You have refused this device.',
    NoCodeError: 'Please type the code.',
  };
  const problem = error && (problems[error.name] ?? 'That did not work. Please try again.');
  ctx.body = page(
    'Connect a device',
    `<h1>Connect a device</h1>
    <p class="lead">Type the code that your device shows.</p>
    ${problem ? `<p class="problem" role="alert">${problem}</p>` : ''}
    ${form}
    <div class="actions"><button class="primary" form="op.deviceInputForm">Continue</button></div>`,
  );
}

export function deviceConfirmPage(
  ctx: KoaContextWithOIDC,
  form: string,
  client: { clientName?: string | undefined },
  _deviceInfo: unknown,
  userCode: string,
): void {
  ctx.body = page(
    'Connect a device',
    `<h1>Connect this device?</h1>
    <p class="lead"><strong>${escape(client.clientName ?? 'An application')}</strong> asks to sign in on a device that shows</p>
    <p class="code">${escape(userCode)}</p>
    <p class="hint">Continue only if this is your device and it shows the same code.</p>
    ${form}
    <div class="actions">
      <button class="primary" form="op.deviceConfirmForm" autofocus>Yes, connect it</button>
      <button form="op.deviceConfirmForm" name="abort" value="yes">No</button>
    </div>`,
  );
}

export function deviceDonePage(ctx: KoaContextWithOIDC): void {
  ctx.body = page(
    'Device connected',
    `<h1><span class="tick" aria-hidden="true">✓</span> Device connected</h1>
    <p class="lead">You can close this page and go on with your device.</p>`,
  );
}

/** Asks only when nobody proved that the application itself sent the user here. */
export function logoutPage(ctx: KoaContextWithOIDC, form: string): void {
  const proven = Boolean(ctx.oidc.entities.IdTokenHint);
  ctx.body = page(
    'Sign out',
    `<h1>${proven ? 'Signing you out…' : 'Sign out?'}</h1>
    ${form}
    <div class="actions">
      <button class="primary" id="yes" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
      ${proven ? '' : '<button form="op.logoutForm">Stay signed in</button>'}
    </div>
    ${proven ? "<script>document.getElementById('yes').click()</script>" : ''}`,
  );
}

export function loggedOutPage(ctx: KoaContextWithOIDC): void {
  ctx.body = problemPage('Signed out', 'You are signed out of the demo identity provider.');
}
