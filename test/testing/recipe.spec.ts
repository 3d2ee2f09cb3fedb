import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compileFunction } from 'node:vm';
import * as common from '@nestjs/common';
import * as nestTesting from '@nestjs/testing';
import ts from 'typescript';
import * as vitest from 'vitest';
import * as library from '../../lib/index.js';
import * as testing from '../../lib/testing/index.js';
import { codeBlocks, type CodeBlock } from '../fixtures/code-blocks.js';

/** What the recipes import, from the sources where an application would have the package. */
const MODULES: Readonly<Record<string, object>> = {
  '@nestjs/common': common,
  '@nestjs/testing': nestTesting,
  'nestjs-oidc-auth': library,
  'nestjs-oidc-auth/testing': testing,
  vitest,
};

const blocks = codeBlocks('docs/testing.md').filter(({ language }) => language === 'ts');
const recipes = blocks.filter(({ code }) => code.includes("from 'vitest'"));

function compiled({ code }: CodeBlock, module: ts.ModuleKind): string {
  const compilerOptions = {
    module,
    target: ts.ScriptTarget.ES2023,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}

vitest.it('there is a recipe for each of both modes', () => {
  vitest.expect(recipes.map(({ code }) => code.includes('brokerMode: true'))).toEqual([false, true]);
});

vitest.describe.each(recipes)('the recipe at $place', (recipe) => {
  const required = (name: string) => {
    if (MODULES[name] === undefined) throw new Error(`The recipe imports ${name}: add it to MODULES.`);
    return MODULES[name];
  };
  // It registers its own tests, as it does in its reader's project.
  const code = compiled(recipe, ts.ModuleKind.CommonJS);
  compileFunction(code, ['require', 'exports'], { filename: recipe.place })(required, {});
});

vitest.it('the provider in a process of its own runs, and says where it is', { timeout: 60_000 }, async () => {
  const block = blocks.find(({ code }) => code.includes('process.env.IDP_PORT'))!;
  const sources = new URL('../../lib/testing/index.ts', import.meta.url).href;
  const code = compiled(block, ts.ModuleKind.ESNext).replace("'nestjs-oidc-auth/testing'", `'${sources}'`);
  const register = new URL('../fixtures/process/register.mjs', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', register, '--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, IDP_PORT: '0' },
    timeout: 50_000,
  });
  const exit = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const metadata = (await (await fetch(line)).json()) as { issuer: string };
  vitest.expect(line).toBe(`${metadata.issuer}/.well-known/openid-configuration`);
  child.kill();
  vitest.expect(await exit).toEqual([null, 'SIGTERM']);
});
