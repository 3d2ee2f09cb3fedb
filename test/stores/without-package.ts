/** Opens a store where a package is not installed: `without-package.ts <package> <URL>`. */
import Module, { register } from 'node:module';

const [absent, url] = process.argv.slice(2);

// For `import`, and for `require`, by which TypeORM loads drivers: by name, then from the working directory.
const hooks = `export async function resolve(specifier, context, next) {
  if (specifier !== ${JSON.stringify(absent)}) return next(specifier, context);
  throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
const loader = Module as unknown as { _resolveFilename(name: string, ...rest: unknown[]): string };
const { _resolveFilename } = loader;
loader._resolveFilename = (name, ...rest) => {
  if (name === absent || name.endsWith(`/node_modules/${absent}`))
    throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
  return _resolveFilename(name, ...rest);
};

const { openBrokerStore } = await import('../../lib/store/store-from-url.js');
const error: unknown = await openBrokerStore(url!).then(
  () => undefined,
  (error: unknown) => error,
);
const { code, message } = error as { code?: string; message?: string };
process.send!({ code, message });
process.disconnect();
