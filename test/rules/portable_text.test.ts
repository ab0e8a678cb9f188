import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProjectFile, projectFiles } from './project_files.js';

/** Joined here, so that this file does not break its own rule. */
const spell = (...parts: readonly string[]): string => parts.join('');

const FORBIDDEN: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: 'a folder of one machine',
    pattern: new RegExp(spell('(?<![\\w.}])/(work/', '|tmp/w\\b)')),
  },
  {
    what: 'the host of a registry',
    pattern: new RegExp(
      spell('\\b(registry\\.npm', '|pypi\\.org', '|files\\.pythonhosted', '|npmmirror\\.com)'),
    ),
  },
  {
    what: spell('a TO', 'DO that no issue keeps'),
    pattern: new RegExp(spell('\\bTO', 'DO\\b(?!\\(#\\d+\\))')),
  },
];

function forbiddenText(files: readonly ProjectFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, i) =>
        FORBIDDEN.filter(({ pattern }) => pattern.test(line)).map(({ what }) => `${path}:${i + 1}: ${what}`),
      ),
  );
}

test('no file names a folder of one machine or the host of a registry, or a task that no issue keeps', () => {
  assert.deepEqual(forbiddenText(projectFiles()), []);
});

test('each of these is found', () => {
  const lines = [
    spell('cd /', 'work/main'),
    spell("open('/", "tmp/w/x')"),
    spell('https://registry.', 'npmjs.org/x'),
    spell('// TO', 'DO: later'),
    spell('// TO', 'DO(#12): later'),
    'a network/day, /tmp/web, /workers, dir/tmp/w',
  ];
  assert.deepEqual(forbiddenText([{ path: 'x', text: lines.join('\n') }]), [
    'x:1: a folder of one machine',
    'x:2: a folder of one machine',
    'x:3: the host of a registry',
    spell('x:4: a TO', 'DO that no issue keeps'),
  ]);
});
