import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lastLines, signalGroup } from '../child-process.mjs';
import { anyFreePort } from '../start/ports.mjs';
import { HELP, installKeycloak } from './install.mjs';

const START_DEADLINE_MS = 240_000;
const STOP_DEADLINE_MS = 15_000;

export const realmFile = fileURLToPath(new URL('../../test/keycloak/realm.json', import.meta.url));
export const discoveryUrl = (url) => `${url}/realms/demo/.well-known/openid-configuration`;

/**
 * A Keycloak with the demo realm: the one that runs at KEYCLOAK_URL, else one of our own, on 127.0.0.1 only, as the
 * passwords of the realm file are public. `exited` is there only for our own.
 */
export async function startKeycloak({ port, log = () => {} } = {}) {
  const running = process.env.KEYCLOAK_URL?.replace(/\/+$/, '');
  if (!running) return launch(await installKeycloak(log), port ?? (await anyFreePort()), log);

  await realmAnswers(running).catch((cause) => {
    throw new Error(`KEYCLOAK_URL=${running}: no realm "demo" there (${cause.message}).\n${HELP}`, { cause });
  });
  return { url: running, stop: async () => {} };
}

async function launch(home, port, log) {
  const url = `http://127.0.0.1:${port}`;
  log(`starting Keycloak on ${url} …`);
  const folder = await emptyHome(home);
  const listen = [`--http-port=${port}`, '--http-host=127.0.0.1', '--http-enabled=true', `--hostname=${url}`];
  const options = ['start', '--optimized', '--import-realm', '--cache=local', ...listen, `-Dkc.home.dir=${folder}`];
  const child = spawn('sh', [join(home, 'bin/kc.sh'), ...options], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: 'admin' },
  });
  const exited = once(child, 'close');
  const output = lastLines(child, 60);
  const kill = () => {
    signalGroup(child, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', kill);

  const stop = async () => {
    signalGroup(child, 'SIGTERM');
    const late = setTimeout(kill, STOP_DEADLINE_MS);
    await exited;
    clearTimeout(late);
    process.off('exit', kill);
    await rm(folder, { recursive: true, force: true });
  };

  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    try {
      await realmAnswers(url);
      return { url, stop, exited };
    } catch (cause) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        await stop();
        throw new Error(`Keycloak did not start. It said:\n${output()}`, { cause });
      }
      await delay(200);
    }
  }
}

/** A home with data of its own beside the shared program, so that several can run and nothing is left over. */
async function emptyHome(home) {
  const folder = await mkdtemp(join(tmpdir(), 'keycloak-'));
  for (const name of await readdir(home)) {
    if (name !== 'data') await symlink(join(home, name), join(folder, name));
  }
  await mkdir(join(folder, 'data/import'), { recursive: true });
  await copyFile(realmFile, join(folder, 'data/import/realm.json'));
  return folder;
}

async function realmAnswers(url) {
  const response = await fetch(discoveryUrl(url), { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${discoveryUrl(url)} answers ${response.status}`);
  await response.body?.cancel();
}
