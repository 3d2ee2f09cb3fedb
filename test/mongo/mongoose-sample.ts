import { bearer } from '../fixtures/application.js';
import { startSample, type SampleOptions, type StartedSample } from '../fixtures/samples/start-sample.js';

export interface MongooseSample extends StartedSample {
  /** Address of the application, with the slash at its end. */
  readonly page: string;
  /** What it says of its database. */
  readonly database: string;
  call(path: string, token?: string, method?: string): Promise<Response>;
  json(path: string, token?: string): Promise<Record<string, unknown>>;
  /** Stops it, which must go well, and starts it again at the same addresses. */
  restart(): Promise<MongooseSample>;
}

/** On the database at `MONGO_URL` of `env`, else on a server of its own, whatever the environment of the tests says. */
export async function startMongooseSample(env: NonNullable<SampleOptions['env']>): Promise<MongooseSample> {
  const sample = await startSample('sample/03-mongoose/start.mjs', { env: { MONGO_URL: '', ...env } });
  const line = (name: string) => new RegExp(`${name} +(.+)`).exec(sample.output())![1]!;
  const page = line('Application');
  const provider = line('Provider').split(' ')[0]!;
  const port = (url: string) => new URL(url).port;
  const call = (path: string, token?: string, method = 'GET') =>
    fetch(`${page}${path}`, { ...(token === undefined ? {} : bearer(token)), method });
  return {
    ...sample,
    page,
    database: line('Database'),
    call,
    json: async (path, token) => (await (await call(path, token)).json()) as Record<string, unknown>,
    restart: async () => {
      const code = await sample.stop();
      if (code !== 0 || /WARN|ERROR/.test(sample.output())) throw new Error(`code ${code}:\n${sample.output()}`);
      return startMongooseSample({ ...env, PORT: port(page), IDP_PORT: port(provider) });
    },
  };
}
