import { posix } from 'node:path';
import ts from 'typescript';
import { nodesOf, parse, placeOf, type ProjectFile } from './project_files.js';

/**
 * The parts of the package, lowest first: a part may import from the rows below it and from itself. A part is a folder
 * of `easyrec/`, or a file that lies there.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['errors', 'log', 'package_files'],
  ['atomic_files', 'report', 'typescript_module'],
  ['setup'],
  ['config', 'tf'],
  ['trust'],
  ['features', 'input'],
  ['layers', 'losses', 'metrics', 'optimizers', 'data'],
  ['components'],
  ['models'],
  ['train', 'serving'],
  ['export'],
  ['index'],
  ['cli'],
];

/** What a module imports: relative paths as written, with the node that names them. */
function importsOf(source: ts.SourceFile): readonly ts.StringLiteral[] {
  const found: ts.StringLiteral[] = [];
  for (const node of nodesOf(source)) {
    const named =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined;
    if (named !== undefined && ts.isStringLiteral(named) && named.text.startsWith('.')) found.push(named);
  }
  return found;
}

function partOf(path: string): string | undefined {
  const [root, part] = path.split('/');
  return root === 'easyrec' ? part?.replace(/\.[jt]s$/, '') : undefined;
}

function layerOf(part: string): number {
  return LAYERS.findIndex((parts) => parts.includes(part));
}

/** Imports that point upwards or sideways, and parts that the table does not know. */
export function upwardImports(files: readonly ProjectFile[]): readonly string[] {
  return files.flatMap((file) => {
    const source = parse(file);
    const from = partOf(file.path) ?? '';
    if (layerOf(from) < 0) return [`${file.path}: "${from}" has no row in the table of layers`];
    return importsOf(source).flatMap((node) => {
      const to = partOf(posix.join(posix.dirname(file.path), node.text));
      if (to === undefined) return [`${placeOf(source, node)}: imports ${node.text} from outside easyrec/`];
      if (to === from || layerOf(to) < layerOf(from)) return [];
      return [`${placeOf(source, node)}: ${from} must not import from ${to} (${node.text})`];
    });
  });
}
