import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import {
  Progress,
  type ProcessSignals,
  type ProgressOptions,
  type StepProgress,
} from '../../easyrec/report/progress.js';
import { displayWidth } from '../../easyrec/report/table.js';

class FakeProcess extends EventEmitter implements ProcessSignals {
  readonly pid = 42;
  readonly killed: string[] = [];
  kill(_pid: number, signal: string): void {
    this.killed.push(signal);
  }
}

function fixture(options: Partial<ProgressOptions> & { readonly columns?: number }) {
  const clock = { now: 0 };
  const written: string[] = [];
  const signals = new FakeProcess();
  const progress = new Progress({
    stream: { write: (text: string) => written.push(text), columns: options.columns ?? 120 },
    isTTY: true,
    logStepCountSteps: 100,
    now: () => clock.now,
    signals,
    color: false,
    ...options,
  });
  return { clock, written, signals, progress };
}

function stepOf(step: number, more: Partial<StepProgress> = {}): StepProgress {
  const losses = { cross_entropy_loss: 0.69314718, total_loss: 0.7 };
  return { step, samples: 1024, learningRate: 0.001, losses, ...more };
}

test('without a terminal it writes one plain line per log_step_count_steps', () => {
  const { clock, written, progress } = fixture({ isTTY: false });
  for (let step = 1; step <= 200; step++) {
    clock.now += 10;
    progress.update(stepOf(step));
  }
  progress.close();
  assert.deepEqual(written, [
    'global step 100: lr = 0.001, cross_entropy_loss = 0.693147, total_loss = 0.7, samples/s = 102400\n',
    'global step 200: lr = 0.001, cross_entropy_loss = 0.693147, total_loss = 0.7, samples/s = 102400\n',
  ]);
});

test('a plain line tells NaN as NaN, and the AUC when there is one', () => {
  const { clock, written, progress } = fixture({ isTTY: false, logStepCountSteps: 1 });
  clock.now = 1000;
  progress.update(stepOf(7, { losses: { total_loss: NaN }, auc: 0.7512345678 }));
  assert.deepEqual(written, [
    'global step 7: lr = 0.001, total_loss = NaN, auc = 0.751235, samples/s = 1024\n',
  ]);
});

test('redraws one line at most ten times a second', () => {
  const { clock, written, progress } = fixture({ totalSteps: 1000 });
  for (let step = 1; step <= 1000; step++) {
    clock.now += 1;
    progress.update(stepOf(step));
  }
  const drawings = written.filter((text) => text.startsWith('\r\x1b[2K'));
  assert.equal(drawings.length, 10);
  assert.ok(drawings.every((text) => !text.includes('\n')));
});

test('shows steps, share, time left, speed, loss and AUC', () => {
  const { clock, written, progress } = fixture({ totalSteps: 400 });
  clock.now = 2000;
  progress.update(stepOf(100, { auc: 0.75 }));
  assert.equal(
    written.at(-1),
    '\r\x1b[2K[====>             ] 100/400 25%  10m00s left  512 samples/s  cross_entropy_loss 0.6931  AUC 0.7500  total_loss 0.7000',
  );
});

test('takes the share of the input when the number of steps is not known', () => {
  const { clock, written, progress } = fixture({});
  clock.now = 1000;
  progress.update(stepOf(1, { fraction: 0.5 }));
  assert.match(written.at(-1) ?? '', /step 1 50% {2}1s left/);
});

test('never writes more columns than the terminal has', () => {
  for (let columns = 1; columns <= 130; columns++) {
    const { clock, written, progress } = fixture({ totalSteps: 100_000, columns });
    clock.now = 1000;
    progress.update(stepOf(54_321, { auc: 0.5 }));
    const line = (written.at(-1) ?? '').replace('\r\x1b[2K', '');
    assert.ok(displayWidth(line) < Math.max(columns, 1), `${columns} columns: ${line}`);
    progress.close();
  }
});

test('colours the bar, and does not under NO_COLOR', (t) => {
  const before = process.env['NO_COLOR'];
  t.after(() => {
    if (before === undefined) delete process.env['NO_COLOR'];
    else process.env['NO_COLOR'] = before;
  });
  const barUnder = (noColor: string): string => {
    process.env['NO_COLOR'] = noColor;
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text), columns: 100 };
    const progress = new Progress({
      stream,
      isTTY: true,
      logStepCountSteps: 1,
      totalSteps: 2,
      signals: new FakeProcess(),
    });
    progress.update(stepOf(1));
    return written.at(-1) ?? '';
  };
  assert.match(barUnder(''), /\x1b\[32m\[=+>\x1b\[0m/);
  assert.doesNotMatch(barUnder('1'), /\x1b\[32m/);
});

test('prints a line above the bar and puts the bar back', () => {
  const { clock, written, progress } = fixture({ totalSteps: 4 });
  clock.now = 1000;
  progress.update(stepOf(1));
  const bar = (written.at(-1) ?? '').replace('\r\x1b[2K', '');
  progress.print('checkpoint written');
  assert.equal(written.at(-1), `\r\x1b[2Kcheckpoint written\n${bar}`);
});

test('hides the cursor, and gives it back once when closed', () => {
  const { written, progress, signals } = fixture({ totalSteps: 4 });
  assert.equal(written[0], '\x1b[?25l');
  progress.update(stepOf(1));
  progress.close();
  progress.close();
  assert.equal(written.filter((text) => text.includes('\x1b[?25h')).length, 1);
  assert.equal(signals.listenerCount('SIGINT') + signals.listenerCount('exit'), 0);
});

test('leaves the end of the process to another handler of the signal', () => {
  const { written, signals } = fixture({});
  signals.on('SIGINT', () => undefined);
  signals.emit('SIGINT', 'SIGINT');
  assert.equal(written.at(-1), '\x1b[?25h');
  assert.deepEqual(signals.killed, []);
});

test('Ctrl-C gives the cursor back and still ends the process by the signal', async () => {
  const module = new URL('../../easyrec/report/progress.js', import.meta.url).href;
  const script = `
    import { Progress } from ${JSON.stringify(module)};
    const progress = new Progress({ stream: process.stdout, isTTY: true, logStepCountSteps: 1, totalSteps: 9 });
    progress.update({ step: 1, samples: 1, learningRate: 1, losses: { loss: 1 } });
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  // Once: a second signal ends the process at once, as it should.
  child.stdout.once('data', () => child.kill('SIGINT'));
  const signal = await new Promise((resolve) => child.once('close', (_code, s) => resolve(s)));
  assert.equal(signal, 'SIGINT');
  assert.ok(output.endsWith('\x1b[?25h'), JSON.stringify(output));
});
