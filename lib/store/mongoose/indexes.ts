import { isDeepStrictEqual } from 'node:util';
import type { mongo } from 'mongoose';

type Index = mongo.IndexDescription & { readonly name: string };

/** All but that of `_id`, which is there by itself. */
export const INDEXES: readonly Index[] = [
  // Most records have none: they take no place in these.
  { name: 'subject', key: { subject: 1, _id: 1 }, partialFilterExpression: { subject: { $exists: true } } },
  { name: 'sid', key: { sid: 1, _id: 1 }, partialFilterExpression: { sid: { $exists: true } } },
  // The server removes what is past this date.
  { name: 'purgeAt', key: { purgeAt: 1 }, expireAfterSeconds: 0 },
];

/** Under whichever name. */
export function isPresent(index: Index, present: readonly mongo.Document[]): boolean {
  return present.some((other) => isDeepStrictEqual(essence(other), essence(index)));
}

/** Those that keep an index from being made. */
export function inTheWayOf({ name, key }: Index, present: readonly mongo.Document[]): readonly mongo.Document[] {
  return present.filter((other) => other['name'] === name || isDeepStrictEqual(entries(other['key']), entries(key)));
}

/** These are in the language of mongosh. */
export function indexCommands(collectionName: string): string {
  return INDEXES.map(
    ({ key, ...options }) =>
      `${collectionCommand(collectionName)}.createIndex(${JSON.stringify(key)}, ${JSON.stringify(options)});\n`,
  ).join('');
}

export function dropCommand(collectionName: string, { name }: mongo.Document): string {
  return `${collectionCommand(collectionName)}.dropIndex(${JSON.stringify(name)})`;
}

function collectionCommand(name: string): string {
  return `db.getCollection(${JSON.stringify(name)})`;
}

/** What makes it another index: servers add a version of theirs. */
function essence({ name: _, key, v: _version, ns: _ns, background: _background, ...options }: mongo.Document) {
  return { key: entries(key), ...options };
}

/** With their order, which matters. */
function entries(key: mongo.Document): readonly unknown[] {
  return Object.entries(key).map(([field, direction]) => [field, Number(direction)]);
}
