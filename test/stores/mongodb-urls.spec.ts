import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openBrokerStore } from '../../lib/store/store-from-url.js';
import { MongooseBrokerStore } from '../../lib/store/mongoose/index.js';

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the URL of a broker store in MongoDB', () => {
  it.each([
    'mongodb://127.0.0.1:1/db',
    'MongoDB://127.0.0.1:1/db',
    'mongodb://user:p%40ss%2Fword@one.example.org:27017,two.example.org,[::1]:27019/my-app?replicaSet=rs&tls=true',
    'mongodb+srv://user:password@cluster.example.org/my_app?retryWrites=true&w=1&appName=mine',
  ])('%s is one, not connected yet', async (url) => {
    expect(await openBrokerStore(url)).toBeInstanceOf(MongooseBrokerStore);
  });

  it.each(['mongodb://host', 'mongodb://host/', 'mongodb://u:hunter2@a,b:1/?w=1', 'mongodb+srv://u:hunter2@host?w=1'])(
    '%s names no database',
    async (url) => {
      const error = await errorOf(openBrokerStore(url));
      expect(error).toMatchObject({
        code: 'store_misconfigured',
        message: 'The URL of the broker store names no database: mongodb://host/database.',
      });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
    },
  );

  it.each([
    ['mongodb://host/db?unheardOf=1', 'option unheardof is not supported'],
    ['mongodb://host/db?readPreference=best', 'Invalid read preference mode "best"'],
    ['mongodb+srv://me:hunter2@host.example.org:27017/db', 'cannot have port number'],
    ['mongodb+srv://me:hunter2@a.example.org,b.example.org/db', 'cannot have multiple service names'],
    ['mongodb://u:hunter2/x@host/db', 'percent-encoded'],
    ['mongodb://u:1@hunter2@host/db', 'cannot be read'],
    ['mongodb://u:100%hunter2@host/db', 'cannot be read'],
    ['mongodb://hunter2@:1/db', 'cannot be read'],
    ['mongodb://me:hunter2/db', 'special characters are percent-encoded'],
    ['mongodb://me:hunter2,host/db', 'special characters are percent-encoded'],
    ['mongodb://me:hunter2@host/d.b', "cannot contain the character '.'"],
    ['mongodb://u@host/db?authMechanism=MONGODB-AWS&authMechanismProperties=hunter2', 'cannot be read'],
  ])('%s is refused with the reason, and nothing that is secret', async (url, reason) => {
    const error = await errorOf(openBrokerStore(url));
    expect(error).toMatchObject({ code: 'store_misconfigured', message: expect.stringContaining(reason) });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
  });
});
