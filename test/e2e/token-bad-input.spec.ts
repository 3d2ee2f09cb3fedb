import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters } from '../fixtures/adapters.js';
import { clientOptions, form, startApplication, type RunningApplication } from '../fixtures/application.js';
import { startOp, type TestOp } from '../fixtures/op/index.js';
import { expectOAuthError, json } from '../fixtures/responses.js';

const parameters = ['code', 'refresh_token', 'refresh-token', 'device_code', 'device-code', 'grant_type'];
const tenKilobytes = 'x'.repeat(10_000);

/** Valid beside any one bad parameter of a code grant. */
const codeGrant = { code: 'c', redirect_uri: 'http://127.0.0.1/cb', code_verifier: 'v'.repeat(43) };

let op: TestOp;
beforeAll(async () => {
  op = await startOp();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

describe.each(adapters)('bad input at the token endpoint, on $name', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    app = await startApplication(adapter, { auth: clientOptions(op) });
  });
  afterAll(() => app.close());

  const post = (init: RequestInit, path = '/auth/v2/token') => app.fetch(path, init);
  const body = (type: string, content: string | Uint8Array<ArrayBuffer>): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': type },
    body: content,
  });

  describe.each([...parameters, 'redirect_uri', 'code_verifier', 'state'])('%s', (name) => {
    const isOfCodeGrant = ['redirect_uri', 'code_verifier', 'state'].includes(name);
    const beside: Record<string, unknown> = isOfCodeGrant
      ? { ...codeGrant, ...(name === 'state' ? { code_verifier: '' } : {}) }
      : {};

    it('given twice in a form is refused, the same value or not', async () => {
      const fields = new URLSearchParams({ ...(beside as Record<string, string>), [name]: 'one' });
      fields.append(name, 'one');
      const { error_description: text } = await expectOAuthError(
        await post({ method: 'POST', body: fields }),
        400,
        'invalid_request',
      );
      expect(text).toBe(`${name} is given more than once.`);
      expect(op.requests('token')).toHaveLength(0);
    });

    it('of 10 kB is refused', async () => {
      for (const encode of [form, json]) {
        const fields = { ...beside, [name]: tenKilobytes } as Record<string, string>;
        const { error_description: text } = await expectOAuthError(await post(encode(fields)), 400, 'invalid_request');
        expect(text).toMatch(new RegExp(`^${name} is longer than \\d+ characters\\.$`));
      }
      expect(op.requests('token')).toHaveLength(0);
    });

    it('must be a string in JSON', async () => {
      for (const value of [1, 1.5e300, true, null, {}, { a: 'b' }]) {
        const response = await post(json({ ...beside, [name]: value }));
        const { error_description: text } = await expectOAuthError(response, 400, 'invalid_request');
        expect(text).toBe(`${name} must be a string.`);
      }
    });

    it('must not be an array in JSON, even of one string', async () => {
      for (const value of [[], ['one'], ['one', 'two'], [[]]]) {
        const response = await post(json({ ...beside, [name]: value }));
        const { error_description: text } = await expectOAuthError(response, 400, 'invalid_request');
        expect(text).toBe(`${name} is given more than once.`);
      }
    });

    it('holding control characters, half surrogates or markup is answered, never a 500', async () => {
      for (const value of ['\u0000', '\r\nSet-Cookie: a=b', '\ud800', '<script>', '%00%ff', '🙂'.repeat(400)]) {
        const { status } = await post(json({ ...beside, [name]: value }));
        expect(status).toBe(400);
      }
    });
  });

  describe.each(['/auth/v2/token', '/auth/v2/device'])('a body for %s', (path) => {
    it('that is JSON but no object is refused', async () => {
      for (const content of ['null', '[]', '[{"refresh_token":"r"}]', '"refresh_token"', '1', 'true']) {
        const response = await post(body('application/json', content), path);
        expect({ content, status: response.status }).toEqual({ content, status: 400 });
      }
    });

    it('that is broken JSON gets the 400 of the parser', async () => {
      for (const content of ['{', '{"refresh_token": "r', '{"refresh_token": r}', '\u0000', '{}{}']) {
        const response = await post(body('application/json', content), path);
        expect({ content, status: response.status }).toEqual({ content, status: 400 });
        expect(await response.json()).toMatchObject({ statusCode: 400, message: expect.any(String) });
      }
    });

    it('of plain text is refused', async () => {
      for (const type of ['text/plain', 'text/plain; charset=utf-8']) {
        const response = await post(body(type, 'refresh_token=r'), path);
        const { error_description: text } = await expectOAuthError(response, 400, 'invalid_request');
        expect(text).toBe('The body must be a form or a JSON object.');
      }
    });

    it('of another type is refused, by us or by the parser', async () => {
      for (const type of [
        'application/xml',
        'application/octet-stream',
        'multipart/form-data; boundary=x',
        'nonsense',
        'a/b/c',
      ]) {
        const { status } = await post(body(type, 'refresh_token=r'), path);
        expect([400, 415], type).toContain(status);
      }
    });

    it.each([
      'application/json; charset=latin1',
      'application/json; charset=utf-16',
      'application/json; charset=nonsense',
      'application/x-www-form-urlencoded; charset=iso-8859-1',
      'application/x-www-form-urlencoded; charset=shift_jis',
    ])('of the type %s never causes a 500', async (type) => {
      const content = type.startsWith('application/json') ? '{"refresh_token":"ü"}' : 'refresh_token=%FC';
      const { status } = await post(body(type, content), path);
      expect(path.endsWith('device') ? [200, 400, 415] : [400, 415]).toContain(status);
    });

    it('of bytes that are no UTF-8 never causes a 500', async () => {
      const bytes = Buffer.from('{"grant_type":"\xff\xfe"}', 'latin1');
      const { status } = await post(body('application/json', new Uint8Array(bytes)), path);
      expect(status).toBe(path.endsWith('device') ? 200 : 400);
    });

    it('of 2 MB is refused by the parser', async () => {
      const response = await post(form({ refresh_token: 'x'.repeat(2 * 1024 * 1024) }), path);
      expect(response.status).toBe(413);
    });
  });

  it('is not confused by names of what every object has', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect((await post(body('application/json', `{"${name}":{"refresh_token":"r"}}`))).status).toBe(400);
      expect((await post(form({ [name]: 'x' }))).status).toBe(400);
    }
    expect(op.requests('token')).toHaveLength(0);
  });

  it('says what is missing of a code grant', async () => {
    for (const name of ['redirect_uri', 'code_verifier']) {
      for (const fields of [
        { ...codeGrant, [name]: '' },
        { code: 'c', ...without(codeGrant, name) },
      ]) {
        const { error_description: text } = await expectOAuthError(await post(form(fields)), 400, 'invalid_request');
        expect(text).toContain(name);
      }
    }
    expect(op.requests('token')).toHaveLength(0);
  });

  it('without any body says that a credential is missing', async () => {
    const { error_description: text } = await expectOAuthError(await post({ method: 'POST' }), 400, 'invalid_request');
    expect(text).toBe('One of code, refresh_token or device_code is missing or empty.');
  });

  it('in the query is not read: credentials do not belong into addresses', async () => {
    await expectOAuthError(await post({ method: 'POST' }, '/auth/v2/token?refresh_token=r'), 400, 'invalid_request');
    expect(op.requests('token')).toHaveLength(0);
  });
});

function without(fields: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
}
