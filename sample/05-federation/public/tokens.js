/** One access token of each application, in this tab only: by the name of the application. */
const KEY = 'federation.tokens';

const kept = () => JSON.parse(sessionStorage.getItem(KEY) ?? '{}');

/** Of this application; undefined where there is none, or none any more. */
export function tokenOf({ name }) {
  const token = kept()[name];
  return token && claimsOf(token).exp * 1000 > Date.now() ? token : undefined;
}

export const keep = ({ name }, token) => sessionStorage.setItem(KEY, JSON.stringify({ ...kept(), [name]: token }));

export const forgetAll = () => sessionStorage.removeItem(KEY);

/** What a token says, to be shown, never to be trusted. */
export function claimsOf(token) {
  const binary = atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))));
}

export const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
