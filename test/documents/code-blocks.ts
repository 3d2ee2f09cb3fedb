import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the project. */
export const root = join(import.meta.dirname, '../..');

export interface CodeBlock {
  /** Which document, and the line the block starts at. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
}

export const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
];

export function readDocument(name: string): string {
  return readFileSync(join(root, name), 'utf8');
}

/** All fenced code blocks of a document. */
export function codeBlocks(name: string): CodeBlock[] {
  const text = readDocument(name);
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    place: `${name}:${text.slice(0, match.index).split('\n').length}`,
    language: match[1]!,
    code: match[2]!,
  }));
}
