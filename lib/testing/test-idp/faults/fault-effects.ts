import { TestIdpError } from '../errors.js';
import type { Answer, Exchange, TokenChanges, Outcome } from '../http/exchange.js';
import { copyOf } from '../options/copy-of.js';
import { isObject, shown } from '../options/known-names.js';

/** Stands before an endpoint: may answer itself, or change how the endpoint answers. */
export type Fault = (exchange: Exchange, answer: () => Promise<Answer>) => Promise<Outcome>;

type Body = Readonly<Record<string, unknown>>;
type Edit = (body: Record<string, unknown>) => Body | Promise<Body>;

/** Another answer; nothing is done. */
export const fixed =
  (status: number, type: string, body: string | Body, headers: Readonly<Record<string, string>> = {}): Fault =>
  async () => ({ status, headers: { 'content-type': type, ...headers }, body });

/** Changes JSON, and what a browser is sent back with from the authorization endpoint. Errors stay as they are. */
export const edited =
  (edit: Edit): Fault =>
  async (exchange, answer) => {
    const right = await answer();
    if (exchange.endpoint === 'authorization') return relocated(right, (parameters) => editQuery(parameters, edit));
    if (right.status !== 200 || typeof right.body === 'string') return right;
    return { ...right, body: await outcomeOf(edit, copyOf(right.body)) };
  };

export const without = (member: string): Fault => edited(({ [member]: _, ...rest }) => rest);

/** Changes what the tokens are, not what is said about them. */
export const tokens =
  (changes: TokenChanges): Fault =>
  (exchange, answer) => {
    Object.assign(exchange.tokenChanges, changes);
    return answer();
  };

/** Changes the query of the address the browser is sent to. */
export const redirected =
  (change: (parameters: URLSearchParams) => void | Promise<void>): Fault =>
  async (_exchange, answer) =>
    relocated(await answer(), change);

async function relocated(
  right: Answer,
  change: (parameters: URLSearchParams) => void | Promise<void>,
): Promise<Answer> {
  if (right.headers['location'] === undefined) return right;
  const location = new URL(right.headers['location']);
  await change(location.searchParams);
  return { ...right, headers: { ...right.headers, location: location.href } };
}

async function editQuery(parameters: URLSearchParams, edit: Edit): Promise<void> {
  if (parameters.has('error')) return;
  const before = Object.fromEntries(parameters);
  const after = await outcomeOf(edit, { ...before });
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = after[name];
    if (value === undefined) parameters.delete(name);
    else if (value !== before[name]) parameters.set(name, String(value));
  }
}

async function outcomeOf(edit: Edit, body: Record<string, unknown>): Promise<Body> {
  const outcome: unknown = await edit(body);
  if (!isObject(outcome)) {
    throw new TestIdpError(
      `edit must return all members of the answer as an object, but has returned ${shown(outcome)}.`,
    );
  }
  // What has no JSON throws here, where it is known whose mistake it is.
  JSON.stringify(outcome);
  return outcome;
}
