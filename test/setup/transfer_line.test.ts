import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProgressStream, transferLine } from '../../easyrec/setup/transfer_line.js';

function terminal(isTTY: boolean): ProgressStream & { readonly text: () => string } {
  let written = '';
  return { isTTY, write: (text) => (written += text), text: () => written };
}

test('shows on a terminal how much is done of how much, and ends the line when all is', () => {
  const stream = terminal(true);
  const show = transferLine(stream);
  show?.(1_000_000, 274_000_000);
  show?.(274_000_000, 274_000_000);
  assert.match(stream.text(), /^\r\x1b\[2K1 of 274 MB, .* MB\/s\r\x1b\[2K274 of 274 MB, .* MB\/s\n$/);
});

test('rewrites the line at most ten times a second', () => {
  const stream = terminal(true);
  const show = transferLine(stream);
  for (let done = 1; done <= 1000; done++) show?.(done, 2000);
  assert.ok(stream.text().split('\r').length <= 5, stream.text());
});

test('says nothing where there is no terminal', () => {
  assert.equal(transferLine(terminal(false)), undefined);
});
