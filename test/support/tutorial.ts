import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installPackage } from './installed_package.js';

/** A fenced block of a tutorial, in the order of the text. */
export type TutorialBlock =
  | { readonly kind: 'file'; readonly name: string; readonly text: string }
  | { readonly kind: 'commands'; readonly text: string; readonly line: number }
  | { readonly kind: 'output'; readonly text: string; readonly line: number };

const FENCE = /^```(\w+)(.*)$/;

function blockOf(language: string, info: string, text: string, line: number): TutorialBlock {
  const title = /^ title=(\S+)$/.exec(info)?.[1];
  if (title !== undefined) return { kind: 'file', name: title, text };
  if (language === 'sh' && info === '') return { kind: 'commands', text, line };
  if (language === 'text' && info === ' output') return { kind: 'output', text, line };
  throw new Error(`line ${line}: a block that is neither file, commands nor output: ${language}${info}`);
}

/**
 * The blocks of a Markdown text: files (`title=NAME`), commands (`sh`), and lines that the commands before them print
 * (`text output`), where `…` stands for anything and the rest of a line may be left out.
 */
export function parseTutorial(markdown: string): readonly TutorialBlock[] {
  const blocks: TutorialBlock[] = [];
  const lines = markdown.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const [fence, language = '', info = ''] = FENCE.exec(lines[i] ?? '') ?? [];
    if (fence === undefined) continue;
    const end = lines.indexOf('```', i + 1);
    if (end < 0) throw new Error(`line ${i + 1}: a block without end`);
    blocks.push(blockOf(language, info, `${lines.slice(i + 1, end).join('\n')}\n`, i + 1));
    i = end;
  }
  return blocks;
}

/** The text of a tutorial's file. */
export function fileBlock(blocks: readonly TutorialBlock[], name: string): string {
  const block = blocks.find((candidate) => candidate.kind === 'file' && candidate.name === name);
  assert.ok(block);
  return block.text;
}

/** The lines that are missing from what commands printed; the others come in this order. */
export function missingLines(expected: string, printed: string): readonly string[] {
  let rest = printed.split('\n');
  return expected
    .trimEnd()
    .split('\n')
    .filter((line) => {
      const pattern = new RegExp(`^${line.split('…').map(escape).join('.*')}`);
      const found = rest.findIndex((candidate) => pattern.test(candidate));
      if (found >= 0) rest = rest.slice(found + 1);
      return found < 0;
    });
}

/**
 * Holds each block of output against what the commands before it printed.
 *
 * @param expected What is expected for a block's text. Default: the text itself.
 * @returns What was printed, for each block of output.
 */
export function checkPrinted(
  blocks: readonly TutorialBlock[],
  printed: readonly string[],
  expected: (text: string) => string = (text) => text,
): readonly string[] {
  let commands = -1;
  return blocks.flatMap((block) => {
    if (block.kind === 'commands') commands += 1;
    if (block.kind !== 'output') return [];
    const text = printed[commands] ?? '';
    assert.deepEqual(missingLines(expected(block.text), text), [], `line ${block.line}; printed:\n${text}`);
    return [text];
  });
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

interface TutorialOptions {
  /** An empty folder, in which everything happens. */
  readonly folder: string;
  /** Where files and printed text are kept beside it. */
  readonly scratch: string;
  /** Changes a block's commands before they run. */
  readonly substitute: (commands: string) => string;
}

/**
 * Does what a tutorial says, in one shell: writes its files and runs its commands, in order.
 *
 * @returns What each block of commands printed, in order.
 * @throws Error with what was printed, when commands fail.
 */
async function runTutorial(
  blocks: readonly TutorialBlock[],
  { folder, scratch, substitute }: TutorialOptions,
): Promise<readonly string[]> {
  const files = join(scratch, 'files');
  mkdirSync(files);
  const logs: string[] = [];
  const script = blocks.flatMap((block) => {
    if (block.kind === 'output') return [];
    if (block.kind === 'file') {
      mkdirSync(dirname(join(files, block.name)), { recursive: true });
      writeFileSync(join(files, block.name), block.text);
      return [`cp '${join(files, block.name)}' '${join(folder, block.name)}'`];
    }
    logs.push(join(scratch, `commands-${block.line}.txt`));
    return [`exec >'${logs.at(-1) ?? ''}' 2>&1`, substitute(block.text)];
  });
  // Job control, as in a terminal: %1 is the first job in the background, and kill ends all of it.
  const head = ['set -euo pipefail', 'set -m', `trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT`];
  const code = await bash([...head, ...script].join('\n'), folder);
  const printed = logs.map(readOrEmpty);
  if (code === 0) return printed;
  throw new Error(`the commands ended with ${code ?? 'a signal'}; they printed:\n${printed.join('\n---\n')}`);
}

export interface FollowOptions {
  /** An empty folder; the tutorial's own, in which everything happens, is the folder `folder` in it. */
  readonly root: string;
  /** Packages that the tutorial installs besides this one. Default: none. */
  readonly extra?: readonly string[];
  /** Changes a block's commands before they run. Default: nothing is changed. */
  readonly substitute?: (commands: string) => string;
}

/**
 * As `runTutorial`, from an empty folder, in which `npm install easyrec` installs this checkout.
 *
 * @returns What each block of commands printed, in order.
 */
export async function followTutorial(
  blocks: readonly TutorialBlock[],
  { root, extra = [], substitute = (commands) => commands }: FollowOptions,
): Promise<readonly string[]> {
  const [folder, scratch] = [join(root, 'folder'), join(root, 'scratch')];
  mkdirSync(folder);
  mkdirSync(scratch);
  await installPackage(scratch, extra);
  const install = `npm install ${['easyrec', ...extra].join(' ')}\n`;
  const modules = `mv '${join(scratch, 'node_modules')}' node_modules\n`;
  return runTutorial(blocks, {
    folder,
    scratch,
    substitute: (commands) => substitute(commands.replace(install, modules)),
  });
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '(not reached)';
  }
}

function bash(script: string, cwd: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script], { cwd, stdio: 'ignore', timeout: 600_000 });
    child.once('error', reject);
    child.once('close', resolve);
  });
}
