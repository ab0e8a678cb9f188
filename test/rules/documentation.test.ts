import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { parse, placeOf, type ProjectFile, projectFiles } from './project_files.js';

type Named = ts.FunctionDeclaration | ts.ClassDeclaration | ts.InterfaceDeclaration;

function isExported(node: ts.Statement): node is Named {
  if (!ts.isFunctionDeclaration(node) && !ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node)) {
    return false;
  }
  return node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

/** Interfaces that the function or class which takes them explains. */
const EXPLAINED_ELSEWHERE = /(Options|Settings|Parts|Config)$/;

/** Exported functions, classes and interfaces without a JSDoc text; overloads need it once. */
function undocumented(files: readonly ProjectFile[]): readonly string[] {
  return files.flatMap((file) => {
    const source = parse(file);
    const exported = source.statements.filter(isExported);
    const isDocumented = (node: Named): boolean =>
      ts.getJSDocCommentsAndTags(node).some((doc) => ts.isJSDoc(doc) && hasText(doc));
    const documented = new Set(exported.filter(isDocumented).map(({ name }) => name?.text));
    return exported
      .filter(({ name }) => !documented.has(name?.text))
      .filter((node) => !(ts.isInterfaceDeclaration(node) && EXPLAINED_ELSEWHERE.test(node.name.text)))
      .map((node) => `${placeOf(source, node)}: ${node.name?.text ?? ''}`);
  });
}

/** A description, or a tag that says as much: `@throws DataError for …`. */
function hasText(doc: ts.JSDoc): boolean {
  return (ts.getTextOfJSDocComment(doc.comment) ?? '').trim() !== '' || (doc.tags ?? []).length > 0;
}

test('every exported function, class and interface says what it is', () => {
  assert.deepEqual(undocumented(projectFiles(['easyrec/**/*.ts', '!**/generated/**'])), []);
});

test('an export without documentation is found', () => {
  const text = [
    '/** Says what it is. */ export function good(): void {}',
    '// Not JSDoc.',
    'export function plain(): void {}',
    '/** */ export class Empty {}',
    'export interface Bare {}',
    'function internal(): void {}',
    'export interface BareOptions {}',
    '/** Once for all. */ export function over(a: string): void;',
    'export function over(a: unknown): void {}',
  ].join('\n');
  const found = ['x.ts:3: plain', 'x.ts:4: Empty', 'x.ts:5: Bare'];
  assert.deepEqual(undocumented([{ path: 'x.ts', text }]), found);
});
