import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { nodesOf, parse, placeOf, type ProjectFile, projectFiles } from './project_files.js';

const MAX_CONSTRUCTOR_PARAMETERS = 5;

function wideConstructors(files: readonly ProjectFile[]): readonly string[] {
  return files.flatMap((file) => {
    const source = parse(file);
    return [...nodesOf(source)].flatMap((node) => {
      if (!ts.isConstructorDeclaration(node) && !ts.isConstructSignatureDeclaration(node)) return [];
      const count = node.parameters.length;
      return count <= MAX_CONSTRUCTOR_PARAMETERS ? [] : [`${placeOf(source, node)}: ${count} parameters`];
    });
  });
}

test('no constructor has more than five parameters', () => {
  assert.deepEqual(wideConstructors(projectFiles(['easyrec/**/*.ts', 'test/**/*.ts'])), []);
});

test('a constructor with six parameters is found, also in an expression inside a function', () => {
  const text = `function f() {
    return class { constructor(a: 1, b: 2, c: 3, d: 4, e: 5, private f: 6) {} };
  }
  class Narrow { constructor(a: 1, b: 2, c: 3, d: 4, e: 5) {} }`;
  assert.deepEqual(wideConstructors([{ path: 'x.ts', text }]), ['x.ts:2: 6 parameters']);
});
