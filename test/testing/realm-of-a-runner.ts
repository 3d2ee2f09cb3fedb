/**
 * Loads the test identity provider as Jest does, in a realm of its own with the functions of Node put into it, and prints
 * whether what it hands out is of that realm. Needs `--experimental-vm-modules`.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import ts from 'typescript';

const realm = vm.createContext({});
for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
  if (vm.runInContext(`!(${JSON.stringify(name)} in globalThis)`, realm)) Object.defineProperty(realm, name, property);
}

const loaded = new Map<string, vm.Module>();

async function load(specifier: string, from: string): Promise<vm.Module> {
  const isSource = specifier.startsWith('.');
  const id = isSource ? new URL(specifier.replace(/\.js$/, '.ts'), from).href : specifier;
  const known = loaded.get(id);
  if (known !== undefined) return known;
  const module = isSource ? source(id) : synthetic((await import(id)) as Record<string, unknown>);
  loaded.set(id, module);
  return module;
}

function source(url: string): vm.Module {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  const { outputText } = ts.transpileModule(readFileSync(fileURLToPath(url), 'utf8'), { compilerOptions });
  return new vm.SourceTextModule(outputText, { context: realm, identifier: url });
}

function synthetic(exported: Record<string, unknown>): vm.Module {
  const names = Object.keys(exported);
  const fill = function (this: vm.SyntheticModule) {
    for (const name of names) this.setExport(name, exported[name]);
  };
  return new vm.SyntheticModule(names, fill, { context: realm });
}

const library = await load('../../lib/testing/test-idp/index.js', import.meta.url);
await library.link((specifier, referencing) => load(specifier, referencing.identifier));
await library.evaluate();

/** What a test would say, in its own realm. */
const judge = vm.runInContext(
  `async ({ startTestIdp }) => {
    const users = { alice: { roles: ['admin'], address: { lines: ['a'] } } };
    const idp = await startTestIdp({ signingAlgorithm: 'ES256', users });
    let edited;
    idp.faults.set('discovery', { edit: (body) => (edited = body) });
    await fetch(idp.discoveryUrl);
    const { roles, address } = idp.user('alice');
    const headers = idp.requests()[0].headers;
    await idp.close();
    const isOwn = (value, made) => Object.getPrototypeOf(value) === made.prototype;
    return {
      roles: isOwn(roles, Array) && roles !== users.alice.roles,
      address: isOwn(address, Object) && isOwn(address.lines, Array) && address !== users.alice.address,
      edited: isOwn(edited, Object) && isOwn(edited.response_types_supported, Array),
      headers: isOwn(headers, Object),
    };
  }`,
  realm,
) as (namespace: object) => Promise<object>;

process.stdout.write(JSON.stringify(await judge(library.namespace)));
