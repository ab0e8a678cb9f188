import assert from 'node:assert/strict';
import { test } from 'node:test';
import { upwardImports } from './imports.js';
import { projectFiles } from './project_files.js';

test('imports point downwards only', () => {
  const files = projectFiles('easyrec/**/*.ts');
  assert.ok(files.length > 100, 'expected to find the package');
  assert.deepEqual(upwardImports(files), []);
});

test('an import that points upwards or sideways is found, however it is written', () => {
  const text = [
    "import { a } from '../components/a.js';",
    "import type { b } from './b.js';",
    "export * from '../features/c.js';",
    "const d = await import('../models/d.js');",
    "import { e } from '../losses/e.js';",
  ].join('\n');
  assert.deepEqual(upwardImports([{ path: 'easyrec/layers/x.ts', text }]), [
    'easyrec/layers/x.ts:1: layers must not import from components (../components/a.js)',
    'easyrec/layers/x.ts:4: layers must not import from models (../models/d.js)',
    'easyrec/layers/x.ts:5: layers must not import from losses (../losses/e.js)',
  ]);
});

test('a folder that nobody gave a place is found', () => {
  assert.deepEqual(upwardImports([{ path: 'easyrec/helpers/x.ts', text: '' }]), [
    'easyrec/helpers/x.ts: "helpers" has no row in the table of layers',
  ]);
});
