import ts from 'typescript';
import { nodesOf, parse, placeOf, type ProjectFile } from './project_files.js';

const RUNNERS = new Set(['test', 'it', 'describe', 'suite']);

/** `test(…)`, `it(…)`, `describe(…)`, also `test.skip(…)`. */
function runnerOf(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const callee = ts.isPropertyAccessExpression(node.expression)
    ? node.expression.expression
    : node.expression;
  return ts.isIdentifier(callee) && RUNNERS.has(callee.text) ? callee.text : undefined;
}

interface TestCall {
  readonly node: ts.CallExpression;
  /** Undefined for a title that is put together at run time. */
  readonly title: string | undefined;
  readonly isSuite: boolean;
}

function testCalls(source: ts.SourceFile): readonly TestCall[] {
  return [...nodesOf(source)].flatMap((node) => {
    const runner = runnerOf(node);
    if (runner === undefined || !ts.isCallExpression(node)) return [];
    const [first] = node.arguments;
    const title = first !== undefined && ts.isStringLiteralLike(first) ? first.text : undefined;
    return [{ node, title, isSuite: runner === 'describe' || runner === 'suite' }];
  });
}

/** The title with those of the suites around it. */
function fullTitle({ node, title }: TestCall): string | undefined {
  if (title === undefined) return undefined;
  for (let outer: ts.Node = node.parent; !ts.isSourceFile(outer); outer = outer.parent) {
    if (runnerOf(outer) === undefined || !ts.isCallExpression(outer)) continue;
    return `${outer.arguments[0]?.getText() ?? ''} > ${title}`;
  }
  return title;
}

/** Tests that have the title of an earlier one in the same suite. */
export function repeatedTitles(files: readonly ProjectFile[]): readonly string[] {
  return files.flatMap((file) => {
    const source = parse(file);
    const seen = new Set<string>();
    return testCalls(source).flatMap((call) => {
      const title = fullTitle(call);
      if (title === undefined) return [];
      const isNew = !seen.has(title);
      seen.add(title);
      return isNew ? [] : [`${placeOf(source, call.node)}: ${title}`];
    });
  });
}

/** Names whose call is an assertion: `assert.equal`, functions and methods such as `checkComponent` that assert for a test. */
const ASSERTS = /^(assert|check|expect|compare|verify|must|throws|rejects|deepEqual|equal)/;

function callsOf(node: ts.Node): readonly string[] {
  return [...nodesOf(node)].flatMap((inner) => {
    if (!ts.isCallExpression(inner)) return [];
    let callee: ts.Expression = inner.expression;
    const method = ts.isPropertyAccessExpression(callee) ? [callee.name.text] : [];
    while (ts.isPropertyAccessExpression(callee)) callee = callee.expression;
    return ts.isIdentifier(callee) ? [callee.text, ...method] : method;
  });
}

/** Functions of a file that assert, whatever their names are: directly, or through others of them. */
function assertingFunctions(source: ts.SourceFile): ReadonlySet<string> {
  const bodies = new Map<string, readonly string[]>();
  for (const node of nodesOf(source)) {
    if (ts.isFunctionDeclaration(node) && node.name) bodies.set(node.name.text, callsOf(node));
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      if (ts.isArrowFunction(node.initializer) || ts.isFunctionExpression(node.initializer)) {
        bodies.set(node.name.text, callsOf(node.initializer));
      }
    }
  }
  const asserting = new Set<string>();
  for (let before = -1; before !== asserting.size;) {
    before = asserting.size;
    for (const [name, calls] of bodies) {
      if (calls.some((called) => ASSERTS.test(called) || asserting.has(called))) asserting.add(name);
    }
  }
  return asserting;
}

/** Tests that cannot fail for want of an assertion, and files without any test. */
export function testsWithoutAssertion(files: readonly ProjectFile[]): readonly string[] {
  return files.flatMap((file) => {
    const source = parse(file);
    const tests = testCalls(source).filter(({ isSuite }) => !isSuite);
    if (tests.length === 0) return [`${file.path}: no test`];
    const asserting = assertingFunctions(source);
    return tests
      .filter(({ node }) => node.arguments.length > 0)
      .filter(({ node }) => {
        const [, ...rest] = node.arguments;
        const named = rest.flatMap((argument) => (ts.isIdentifier(argument) ? [argument.text] : []));
        const called = [...rest.flatMap(callsOf), ...named];
        return !called.some((name) => ASSERTS.test(name) || asserting.has(name));
      })
      .map(({ node, title }) => `${placeOf(source, node)}: ${title ?? node.arguments[0]?.getText() ?? ''}`);
  });
}
