import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayWidth, formatTable } from '../../easyrec/report/table.js';

test('aligns columns and ends no line with spaces', () => {
  const columns = [{ title: 'name' }, { title: 'rows', align: 'right' }, { title: 'note' }] as const;
  assert.equal(
    formatTable(columns, [
      ['train', 12345, ''],
      ['a long name', 7, 'ok'],
    ]),
    [
      'name          rows  note',
      '-----------  -----  ----',
      'train        12345',
      'a long name      7  ok',
      '',
    ].join('\n'),
  );
});

test('counts two columns for wide characters and none for combining marks', () => {
  assert.equal(displayWidth('大小'), 4);
  assert.equal(displayWidth('e\u0301'), 1);
  const table = formatTable(
    [{ title: 'k' }, { title: 'v' }],
    [
      ['大', 'x'],
      ['abc', 'y'],
    ],
  );
  assert.deepEqual(table.split('\n').slice(2, 4), ['大   x', 'abc  y']);
});

test('shows control characters instead of obeying them', () => {
  assert.match(formatTable([{ title: 'k' }], [['a\nb\x1b[31m']]), /a\\x0ab\\x1b\[31m/);
});

test('a row with another number of cells is an error', () => {
  assert.throws(
    () => formatTable([{ title: 'k' }], [['a', 'b']]),
    /table row 0: expected 1 cells, received 2/,
  );
});
