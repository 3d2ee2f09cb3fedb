/** The tokens of this tab. In sessionStorage, so that a reload keeps them and closing the tab forgets them. */
const KEY = 'quickstart.session';
const listeners = new Set();

export const session = () => JSON.parse(sessionStorage.getItem(KEY) ?? 'null');

export function keep(tokens) {
  const now = Math.floor(Date.now() / 1000);
  // A refresh need not repeat the ID token: the first one still says who this is.
  const id_token = tokens.id_token ?? session()?.id_token;
  // Counted from now by this clock, whatever the clock of the application says.
  sessionStorage.setItem(KEY, JSON.stringify({ ...tokens, id_token, since: now, until: now + tokens.expires_in }));
  announce();
}

export function forget() {
  sessionStorage.removeItem(KEY);
  announce();
}

/** Calls `listener` now and whenever somebody has logged in, refreshed or logged out. */
export function onSession(listener) {
  listeners.add(listener);
  listener(session());
}

export const secondsLeft = (current) => (current ? current.until - Math.floor(Date.now() / 1000) : 0);

export const authorization = () => (session() ? { Authorization: `Bearer ${session().access_token}` } : {});

const announce = () => listeners.forEach((listener) => listener(session()));
