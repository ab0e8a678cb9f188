import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import ts from 'typescript';
import { packageRoot } from '../../easyrec/package_files.js';

/** A file of the project as the rules see it. */
export interface ProjectFile {
  /** From the root of the checkout, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** What .gitignore keeps out of the repository. */
const NOT_OURS = [
  '.git/**',
  'node_modules/**',
  'dist/**',
  'ops/lib/**',
  'ops/build/**',
  '.cache/**',
  'experiments/**',
  'data/**',
  '**/*.log',
];

/** The project's files, those not committed yet included, by name. */
export function projectFiles(pattern: string | readonly string[] = '**'): readonly ProjectFile[] {
  const root = packageRoot();
  return globSync(pattern, { cwd: root, dot: true, ignore: NOT_OURS })
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** The syntax of a TypeScript file. */
export function parse({ path, text }: ProjectFile): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** Every node of a file, outer ones first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

/** `path:line`, for messages. */
export function placeOf(source: ts.SourceFile, node: ts.Node): string {
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}
