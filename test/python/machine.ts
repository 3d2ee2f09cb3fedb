import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { environmentAt, python, PythonProcess } from './python-process.js';

/** A token as the client hands it out and keeps it; times in seconds since the epoch. */
export interface Token {
  access_token: string;
  token_type: string;
  expires: number;
  refresh_token: string;
  refresh_expires: number;
  scope: string;
  headers: Record<string, string>;
}

export interface Report {
  readonly token: Token;
  /** What a guarded route said to this token. */
  readonly route: { readonly status: number; readonly body: unknown };
}

export interface DeviceCode {
  readonly uri: string;
  readonly user_code: string;
  readonly interval: number;
}

const program = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

/** Somebody's machine: a home folder, the client's token file in it, and a browser with a person before it. */
export class Machine {
  readonly #processes: PythonProcess[] = [];
  readonly #tokenFile: string;

  private constructor(private readonly home: string) {
    this.#tokenFile = join(home, 'tokens.json');
  }

  static async forThisTest(): Promise<Machine> {
    const machine = new Machine(await mkdtemp(join(tmpdir(), 'python-client-')));
    onTestFinished(async () => {
      for (const started of machine.#processes) started.kill();
      await rm(machine.home, { recursive: true });
    });
    return machine;
  }

  /** The client's `authenticate()`; the person agrees to everything unless told otherwise. */
  authenticate(host: string, { refuse = false } = {}): Promise<Report> {
    return this.#run([program('authenticate.py'), host, this.#tokenFile], { refuse }).rest();
  }

  /** The client's `CodeFlow`. */
  codeFlow(host: string): Promise<Report> {
    return this.#run([program('code_flow.py'), host, this.#tokenFile]).rest();
  }

  /** The client's `DeviceFlow`, step by step: resolves to the code when it is shown. */
  async deviceFlow(host: string): Promise<{ code: DeviceCode; report: () => Promise<Report> }> {
    const flow = this.#run([program('device_flow.py'), host, this.#tokenFile]);
    return { code: await flow.line(), report: () => flow.rest() };
  }

  /** The client's own command, which keeps its tokens where it does by default. */
  commandLine(host: string): Promise<Token> {
    return this.#run(['-m', 'py_oidc_auth_client', host, '--json']).rest();
  }

  /** The person opens this address and agrees to everything. */
  browse(address: string): Promise<void> {
    return this.#run([program('browser.py'), address]).ended();
  }

  /** Changes what the client has kept; `undefined` takes something away. */
  async change(changes: { [name in keyof Token]?: Token[name] | undefined }): Promise<void> {
    const file = JSON.parse(await readFile(this.#tokenFile, 'utf8')) as Record<string, { token: Token }>;
    for (const { token } of Object.values(file)) Object.assign(token, changes);
    await writeFile(this.#tokenFile, JSON.stringify(file));
  }

  #run(args: readonly string[], { refuse = false } = {}): PythonProcess {
    const browser = [python, program('browser.py'), ...(refuse ? ['--refuse'] : [])].map((word) => `'${word}'`);
    const started = new PythonProcess(args, {
      ...environmentAt(this.home),
      BROWSER: `${browser.join(' ')} %s`,
    });
    this.#processes.push(started);
    return started;
  }
}
