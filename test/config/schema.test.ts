import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { configSchemas, messageSchema } from '../../easyrec/config/schema.js';
import { packageFile } from '../../easyrec/package_files.js';
import { OUR_COUNTS, SCHEMA_COUNTS } from './schema_counts.js';

const PROTOS = packageFile('easyrec/config/protos');

function countFile(file: string): readonly number[] {
  const { root } = protobuf.parse(readFileSync(join(PROTOS, file), 'utf8'), { keepCase: true });
  const counts = [0, 0, 0, 0, 0];
  const add = (index: number, amount: number): void => {
    counts[index] = (counts[index] ?? 0) + amount;
  };
  const visit = (namespace: protobuf.NamespaceBase): void => {
    for (const nested of namespace.nestedArray) {
      if (nested instanceof protobuf.Enum) {
        add(3, 1);
        add(4, Object.keys(nested.values).length);
      }
      if (nested instanceof protobuf.Type) {
        add(0, 1);
        add(1, nested.fieldsArray.length);
        add(2, nested.fieldsArray.filter((field) => field.options?.['default'] !== undefined).length);
      }
      if (nested instanceof protobuf.Namespace) visit(nested);
    }
  };
  visit(root);
  return counts;
}

test('the .proto files hold every message, field, default, enum and value of the schema', () => {
  const files = readdirSync(PROTOS).filter((file) => file.endsWith('.proto'));
  assert.deepEqual(files.sort(), Object.keys(SCHEMA_COUNTS).sort());
  for (const file of files) {
    const ours = OUR_COUNTS[file] ?? [0, 0, 0, 0, 0];
    const expected = SCHEMA_COUNTS[file]?.map((count, i) => count + (ours[i] ?? 0));
    assert.deepEqual(countFile(file), expected, file);
  }
});

test('the counts add up to those of the whole schema', () => {
  const totals = [0, 1, 2, 3, 4].map((i) =>
    Object.values(SCHEMA_COUNTS).reduce((sum, row) => sum + (row[i] ?? 0), 0),
  );
  assert.deepEqual(totals, [178, 1036, 425, 12, 108]);
});

test('fields keep their numbers, types and defaults', () => {
  const field = (message: string, name: string): unknown => {
    const { kind, number, repeated, oneof, ...rest } =
      messageSchema(message).fields.get(name) ?? assert.fail(name);
    return { kind, number, repeated, oneof, default: 'default' in rest ? rest.default : undefined };
  };
  const plain = { repeated: false, oneof: null };
  assert.deepEqual(field('TrainConfig', 'save_checkpoints_steps'), {
    ...plain,
    kind: 'scalar',
    number: 141,
    default: 1000,
  });
  assert.deepEqual(field('NegativeSampler', 'field_delimiter'), {
    ...plain,
    kind: 'scalar',
    number: 7,
    default: '\u0001',
  });
  assert.deepEqual(field('DatasetConfig.Field', 'input_type'), {
    ...plain,
    kind: 'enum',
    number: 2,
    default: 'STRING',
  });
  assert.deepEqual(field('DatasetConfig', 'input_type'), {
    ...plain,
    kind: 'enum',
    number: 10,
    default: 'CSVInput',
  });
  assert.deepEqual(field('AdamWOptimizer', 'weight_decay'), {
    ...plain,
    kind: 'scalar',
    number: 2,
    default: Math.fround(1e-6),
  });
  assert.deepEqual(field('Block', 'keras_layer'), {
    kind: 'message',
    number: 103,
    repeated: false,
    oneof: 'layer',
    default: undefined,
  });
  assert.deepEqual(field('ExponentialDecayLearningRate', 'staircase'), {
    ...plain,
    kind: 'scalar',
    number: 4,
    default: true,
  });
});

test('enum values keep their numbers, which do not follow the order of declaration', () => {
  const lossType = messageSchema('EasyRecModel').fields.get('loss_type');
  assert.ok(lossType?.kind === 'enum');
  assert.equal(lossType.type.values.get('PAIRWISE_HINGE_LOSS'), 17);
  assert.equal(lossType.type.values.get('JRC_LOSS'), 13);
  assert.equal(lossType.type.values.size, 21);
});

test('a pipeline.config reaches every message but those of the serving protocols', () => {
  const struct = 3;
  const servingOnly = 5 + 4;
  assert.equal(configSchemas().size, 178 - servingOnly + struct);
  assert.equal(configSchemas().has('PredictRequest'), false);
});

test('the generated interfaces are what the .proto files give', () => {
  const script = packageFile('scripts/generate_config_types.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
});

test('asking for a message that does not exist fails', () => {
  assert.throws(() => messageSchema('TrainConfiguration'), /no config message named "TrainConfiguration"/);
});
