import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from '../child-process.mjs';

const VERSION = '26.4.0';
const ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`;
const MAVEN_GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack';

export const HELP = `
This needs a real Keycloak. Do one of these and try again:
  - install Java (17 or newer) and Maven (Debian: apt-get install default-jdk-headless maven): Keycloak ${VERSION} is then
    fetched once and kept in \${XDG_CACHE_HOME:-~/.cache}/nestjs-oidc-auth/keycloak (200 MB)
  - install Java, unpack a Keycloak distribution, and set KEYCLOAK_HOME to its folder (it is copied, not changed)
  - import test/keycloak/realm.json into a running Keycloak, and set KEYCLOAK_URL to its address (http://127.0.0.1:8080)`;

/**
 * The folder of a Keycloak that is ready to start: from Maven, or a copy of KEYCLOAK_HOME, prepared once and kept in a
 * cache outside the repository.
 */
export async function installKeycloak(log) {
  await run('java', ['-version'], { help: HELP });
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nestjs-oidc-auth', 'keycloak');
  const given = process.env.KEYCLOAK_HOME && resolve(process.env.KEYCLOAK_HOME);
  const home = join(cache, given ? await nameOf(given) : VERSION);
  if (existsSync(home)) return home;

  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(join(cache, 'unfinished-'));
  const discard = () => rmSync(unfinished, { recursive: true, force: true });
  process.once('exit', discard);
  try {
    const unpacked = join(unfinished, `keycloak-${VERSION}`);
    if (given) {
      log(`copying ${given} …`);
      await cp(given, unpacked, { recursive: true, filter: (source) => source !== join(given, 'data') });
    } else {
      log(`fetching Keycloak ${VERSION} with Maven (160 MB, once) …`);
      const unpack = [MAVEN_GOAL, `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${unfinished}`];
      await run('mvn', ['-B', '-q', '-ntp', '--strict-checksums', ...unpack], { cwd: unfinished, help: HELP });
    }
    log('preparing it (once) …');
    await run('sh', [join(unpacked, 'bin/kc.sh'), 'build', '--db=dev-mem'], { help: HELP });
    // Only a whole one ever gets the final name. Where another process was faster, its result serves as well.
    await rename(unpacked, home).catch((error) => {
      if (!existsSync(home)) throw error;
    });
  } finally {
    process.off('exit', discard);
    discard();
  }
  return home;
}

async function nameOf(home) {
  const version = await readFile(join(home, 'version.txt'), 'utf8').catch((cause) => {
    throw new Error(`KEYCLOAK_HOME=${home} is no Keycloak distribution (no version.txt).\n${HELP}`, { cause });
  });
  return `home-${createHash('sha256').update(`${home}\n${version}`).digest('hex').slice(0, 12)}`;
}
