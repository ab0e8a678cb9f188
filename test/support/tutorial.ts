import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

export interface TutorialOptions {
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
export async function runTutorial(
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
