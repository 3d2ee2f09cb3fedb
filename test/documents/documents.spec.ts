import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../lib/endpoints/endpoints.js';
import { EXTRA_NAMES } from '../../lib/options/resolve-options.js';
import { OPTION_RULES } from '../../lib/options/option-rules.js';
import { codeBlocks, documents, readDocument, root, type CodeBlock } from '../fixtures/code-blocks.js';

const blocks = documents.flatMap(codeBlocks);
const readme = readDocument('README.md');

describe('the documents', () => {
  it('hold TypeScript that compiles against the library', { timeout: 120_000 }, () => {
    expect(compile(blocks.filter(({ language }) => language === 'ts'))).toEqual([]);
  });

  it('hold JSON that parses', () => {
    const isJson = ({ code }: CodeBlock): boolean => {
      try {
        return JSON.parse(code) !== undefined;
      } catch {
        return false;
      }
    };
    const wrong = blocks.filter((block) => block.language === 'json' && !isJson(block));
    expect(wrong.map(({ place }) => place)).toEqual([]);
  });

  it('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const named = [
      ...documents
        .map(readDocument)
        .join('\n')
        .matchAll(/npm (?:run )?(start|test|[a-z]+(?::[a-z]+)?)\b/g),
    ]
      .map((match) => match[1]!)
      .filter((name) => !['install', 'ci', 'pack', 'add'].includes(name));
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining([...new Set(named)]));
  });

  it('link to files that exist', () => {
    for (const name of documents) {
      for (const [, target] of readDocument(name).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        expect(existsSync(join(root, dirname(name), target!)), `${name} → ${target}`).toBe(true);
      }
    }
  });
});

describe('the README', () => {
  it.each(Object.keys(OPTION_RULES))('explains the option %s', (name) => expect(explains(`\`${name}\``)).toBe(true));

  it.each([...EXTRA_NAMES])('explains the extra %s', (name) => expect(explains(`\`${name}\``)).toBe(true));

  it.each(Object.values(ENDPOINTS))('explains the endpoint $path', ({ path }) =>
    expect(new RegExp(`${path}[?\`]`).test(readme)).toBe(true),
  );

  it.each(errorCodes())('explains the error %s', (code) => expect(explains(`\`${code}\``)).toBe(true));
});

/** Says yes or no, as a failure that prints the whole document helps nobody. */
function explains(name: string): boolean {
  return readme.includes(name);
}

function errorCodes(): string[] {
  const source = readFileSync(join(root, 'lib/errors/oidc-auth-error.ts'), 'utf8');
  const union = /export type OidcAuthErrorCode =([\s\S]*?);/.exec(source)![1]!;
  return [...union.matchAll(/'(\w+)'/g)].map((match) => match[1]!);
}

/** Compiles each block as a module of its own and says what is wrong, by document and line. */
function compile(sources: readonly CodeBlock[]): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(
    { compilerOptions: config.compilerOptions, files: [] },
    ts.sys,
    root,
  );
  const files = new Map(sources.map((source, index) => [join(root, 'test/documents', `block-${index}.ts`), source]));
  // Blocks name files of the application as their readers would.
  const virtual = new Map([
    [join(root, 'test/documents/app.module.ts'), 'export class AppModule {}'],
    [join(root, 'test/documents/orders.controller.ts'), 'export class OrdersController {}'],
  ]);
  for (const [path, { code }] of files) virtual.set(path, code);

  const settings: ts.CompilerOptions = {
    ...options,
    noEmit: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths: {
      'nestjs-oidc-auth': [join(root, 'lib/index.ts')],
      'nestjs-oidc-auth/mongoose': [join(root, 'lib/store/mongoose/index.ts')],
      'nestjs-oidc-auth/testing': [join(root, 'lib/testing/index.ts')],
      'nestjs-oidc-auth/typeorm': [join(root, 'lib/store/typeorm/index.ts')],
    },
  };
  const host = ts.createCompilerHost(settings);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists.call(host, path);
  host.readFile = (path) => virtual.get(path) ?? readFile.call(host, path);
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const text = virtual.get(path);
    return text === undefined
      ? getSourceFile.call(host, path, languageVersion, ...rest)
      : ts.createSourceFile(path, text, languageVersion);
  };
  const program = ts.createProgram([...files.keys()], settings, host);
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file === undefined || virtual.has(file.fileName))
    .map(({ file, start, messageText }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
      const place = file === undefined ? '' : (files.get(file.fileName)?.place ?? file.fileName);
      return `${place}, line ${line} of the block: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
}
