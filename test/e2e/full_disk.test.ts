import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { differingTensors } from '../support/checkpoints.js';
import { CLI, type CliResult, runCliOk, runProgram } from '../support/cli.js';
import { checkRefused, filesBelow } from '../support/refusal.js';
import { SMALL, smallModel } from '../support/small_model.js';

const MOUNT = 'mkdir -p disk && mount -t tmpfs -o size=4m tmpfs disk';
const { status } = spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /tmp']);
const skip = status !== 0 && 'this machine lets no user mount a small disk of their own (unshare -rm)';

/** Leaves 16 KiB on the disk: room for a file or two, not for a checkpoint. */
const FILL = `
  head -c 16384 /dev/zero > disk/room
  cat /dev/zero > disk/ballast 2>&- || rm disk/room`;

/** Runs a script whose mounts nobody else sees, and which end with it; `easyrec` is the command line. */
function runOnSmallDisk(script: string, folder: string): Promise<CliResult> {
  const easyrec = `easyrec() { ${JSON.stringify(process.execPath)} ${JSON.stringify(CLI)} "$@"; }`;
  return runProgram('unshare', ['-rm', 'bash', '-c', `${MOUNT} && ${easyrec}\n${script}`], { cwd: folder });
}

const TRAIN = `easyrec train ${SMALL.join(' ')} --model_dir disk/model --train_config.write_graph false`;

test(
  'training on a full disk says so, and goes on from the last checkpoint when there is room',
  { skip },
  async (t) => {
    const folder = smallModel(t);
    await runCliOk(['train', ...SMALL], { cwd: folder });
    const failed = await runOnSmallDisk(
      `${TRAIN} --train_config.num_steps 4 2>&- || exit 10
    ${FILL}
    ${TRAIN} --continue_train
    code=$?
    rm disk/ballast
    ls -A disk/model > left
    ${TRAIN} --continue_train 2>&- || exit 11
    cp disk/model/model.ckpt-12.* .
    exit $code`,
      folder,
    );
    checkRefused(failed, 'error: disk/model/model.ckpt-8: the disk is full', 'No space left on device');
    const left = readFileSync(join(folder, 'left'), 'utf8').split('\n');
    assert.deepEqual(
      left.filter((name) => name.endsWith('.index')),
      ['model.ckpt-0.index', 'model.ckpt-4.index'],
    );
    assert.deepEqual(
      left.filter((name) => /partial|ckpt-8/.test(name)),
      [],
    );
    assert.deepEqual(
      differingTensors(join(folder, 'model', 'model.ckpt-12'), join(folder, 'model.ckpt-12')),
      [],
    );
  },
);

test('an export onto a full disk says so and leaves nothing', { skip }, async (t) => {
  const folder = smallModel(t);
  await runCliOk(['train', ...SMALL, '--train_config.num_steps', '4'], { cwd: folder });
  const failed = await runOnSmallDisk(
    `${FILL}
    easyrec export ${SMALL.join(' ')} --export_dir disk/export
    code=$?
    find disk -mindepth 1 > left
    exit $code`,
    folder,
  );
  checkRefused(failed, 'disk/export', 'is full');
  const left = readFileSync(join(folder, 'left'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(left.sort(), ['disk/ballast', 'disk/export']);
});

test('predictions that do not fit onto the disk leave no file', { skip }, async (t) => {
  const folder = smallModel(t);
  await runCliOk(['train', ...SMALL, '--train_config.num_steps', '1'], { cwd: folder });
  const failed = await runOnSmallDisk(
    `${FILL}
    for i in $(seq 40); do cat eval.csv; done > many.csv
    easyrec predict --saved_model_dir model/export/final --input_path many.csv --output_path disk/out.csv
    code=$?
    ls -A disk > left
    exit $code`,
    folder,
  );
  checkRefused(failed, 'disk/out.csv', 'is full');
  const left = readFileSync(join(folder, 'left'), 'utf8').trimEnd();
  assert.equal(left, 'ballast');
});

test('files that may not grow are told as a full disk, and the checkpoints before stay usable', async (t) => {
  const folder = smallModel(t);
  await runCliOk(['train', ...SMALL, '--train_config.num_steps', '4'], { cwd: folder });
  const limited = `trap '' XFSZ; ulimit -f 8; exec "$0" "$@"`;
  const args = ['train', ...SMALL, '--continue_train'];
  const failed = await runProgram('bash', ['-c', limited, process.execPath, CLI, ...args], { cwd: folder });
  checkRefused(failed, 'cannot write TensorBoard events to model/', 'file too large');
  const names = readdirSync(join(folder, 'model'));
  assert.ok(names.includes('model.ckpt-4.index'));
  assert.deepEqual(
    names.filter((name) => /partial|ckpt-8/.test(name)),
    [],
  );
  const { stdout } = await runCliOk([...args, '--json'], { cwd: folder });
  assert.equal((JSON.parse(stdout) as { global_step: number }).global_step, 12);
  assert.ok(filesBelow(folder).includes('model/model.ckpt-12.index'));
});
