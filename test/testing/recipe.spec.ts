import { compileFunction } from 'node:vm';
import * as common from '@nestjs/common';
import * as nestTesting from '@nestjs/testing';
import ts from 'typescript';
import * as vitest from 'vitest';
import * as library from '../../lib/index.js';
import * as testing from '../../lib/testing/index.js';
import { codeBlocks } from '../fixtures/code-blocks.js';

/** What the recipe imports, from the sources where an application would have the package. */
const MODULES: Readonly<Record<string, object>> = {
  '@nestjs/common': common,
  '@nestjs/testing': nestTesting,
  'nestjs-oidc-auth': library,
  'nestjs-oidc-auth/testing': testing,
  vitest,
};

const recipe = codeBlocks('docs/testing.md').find(({ language }) => language === 'ts')!;

vitest.describe(`the recipe at ${recipe.place}`, () => {
  const { outputText } = ts.transpileModule(recipe.code, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2023,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const required = (name: string) => {
    if (MODULES[name] === undefined) throw new Error(`The recipe imports ${name}: add it to MODULES.`);
    return MODULES[name];
  };
  // It registers its own tests, as it does in its reader's project.
  compileFunction(outputText, ['require', 'exports'], { filename: recipe.place })(required, {});
});
