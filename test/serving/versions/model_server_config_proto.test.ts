import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../easyrec/errors.js';
import {
  modelServerConfigOf,
  modelServerConfigType,
  parseModelServerConfig,
} from '../../../easyrec/serving/versions/model_server_config_proto.js';

test('reads a config with all that it can say', () => {
  const config = parseModelServerConfig(
    `# two models
     model_config_list: {
       config: {
         name: "a" base_path: "/models/a" model_platform: "tensorflow"
         model_version_policy: { specific: { versions: 42 versions: 9007199254740993 } }
         version_labels: { key: 'stable' value: 42 }
         version_labels { key: 'canary', value: 9007199254740993 }
         logging_config {
           log_collector_config { type: "tfrecord" filename_prefix: "/logs/a" }
           sampling_config { sampling_rate: 0.25 }
         }
       }
       config { name: 'b' base_path: '/models/b' model_type: TENSORFLOW model_version_policy { latest { num_versions: 2 } } }
       config { name: 'c' base_path: '/models/c' model_platform: 'tensorflow' model_version_policy { all {} } }
       config { name: 'd' base_path: '/models/d' model_platform: 'tensorflow' model_version_policy { latest {} } }
     }`,
    'models.config',
  );
  const common = { platform: 'tensorflow', versionLabels: new Map() };
  assert.deepEqual(config, {
    models: [
      {
        name: 'a',
        basePath: '/models/a',
        platform: 'tensorflow',
        versionPolicy: { kind: 'specific', versions: [42n, 9007199254740993n] },
        versionLabels: new Map([
          ['stable', 42n],
          ['canary', 9007199254740993n],
        ]),
        logging: { collectorType: 'tfrecord', filenamePrefix: '/logs/a', samplingRate: 0.25 },
      },
      { ...common, name: 'b', basePath: '/models/b', versionPolicy: { kind: 'latest', count: 2 } },
      { ...common, name: 'c', basePath: '/models/c', versionPolicy: { kind: 'all' } },
      { ...common, name: 'd', basePath: '/models/d', versionPolicy: { kind: 'latest', count: 1 } },
    ],
  });
});

test('an empty text is a config that says nothing, which an empty list is not', () => {
  assert.deepEqual(parseModelServerConfig('# nothing', 'f'), {});
  assert.deepEqual(parseModelServerConfig('model_config_list {}', 'f'), { models: [] });
  assert.deepEqual(parseModelServerConfig('custom_model_config { type_url: "x/y" }', 'f'), {
    customType: 'x/y',
  });
});

test("tells the line of a mistake in the original's words", () => {
  for (const [text, line, reason] of [
    ['model_config_list {\n config { nam: "a" } }', 2, "unknown field 'nam'"],
    ['model_config_list {\n config {\n name: 3 } }', 3, 'expected string'],
    ['model_config_list {', 1, "expected '}'"],
  ] as const) {
    assert.throws(
      () => parseModelServerConfig(text, 'models.config'),
      (error: unknown) =>
        error instanceof ConfigError &&
        error.message.startsWith(
          `models.config:${line}: Error parsing text-format tensorflow.serving.ModelServerConfig: `,
        ) &&
        error.message.includes(reason),
      text,
    );
  }
});

test('a model needs one platform, and only one', () => {
  const config = (more: string): unknown =>
    parseModelServerConfig(`model_config_list { config { name: "m" ${more} } }`, 'f');
  assert.throws(() => config(''), /Illegal setting neither .* model name is m/);
  assert.throws(
    () => config('model_type: TENSORFLOW model_platform: "x"'),
    /Illegal setting both .* model name is m/,
  );
  assert.throws(() => config('model_type: OTHER'), /model_type choice 2 not supported/);
});

test('reads the message as it comes over the wire', () => {
  const type = modelServerConfigType();
  const sent = {
    model_config_list: {
      config: [
        {
          name: 'm',
          base_path: '/m',
          model_platform: 'tensorflow',
          version_labels: { x: '9007199254740993' },
        },
      ],
    },
  };
  const bytes = type.encode(type.fromObject(sent)).finish();
  const received = modelServerConfigOf(type.toObject(type.decode(bytes)));
  assert.equal(received.models?.[0]?.versionLabels.get('x'), 9007199254740993n);
  assert.equal(received.models[0].name, 'm');
});

/** The logging of a model as it comes in a file, and over the wire. */
const WAYS: readonly ((logging: object, text: string) => number | undefined)[] = [
  (_, text) => {
    const config = `model_config_list { config { name: "m" model_platform: "tensorflow" logging_config { ${text} } } }`;
    return parseModelServerConfig(config, 'f').models?.[0]?.logging?.samplingRate;
  },
  (logging) => {
    const type = modelServerConfigType();
    const config = [{ name: 'm', model_platform: 'tensorflow', logging_config: logging }];
    const bytes = type.encode(type.fromObject({ model_config_list: { config } })).finish();
    return modelServerConfigOf(type.toObject(type.decode(bytes))).models?.[0]?.logging?.samplingRate;
  },
];

test('of sampling rates by task the first counts that is meant for all, what else is sampled or logged is refused', () => {
  for (const rateOf of WAYS) {
    const tasks = [
      { dc: 'aa', sampling_rate: 0.1 },
      { task_index: 0, sampling_rate: 0.2 },
      { sampling_rate: 0.3 },
      { sampling_rate: 0.4 },
    ];
    const texts = [
      'dc: "aa" sampling_rate: 0.1',
      'task_index: 0 sampling_rate: 0.2',
      'sampling_rate: 0.3',
      'sampling_rate: 0.4',
    ].map((text) => `per_task_sampling_configs { ${text} }`);
    const by = (count: number): number | undefined =>
      rateOf(
        { sampling_config: { sampling_rate: 0.5, per_task_sampling_configs: tasks.slice(0, count) } },
        `sampling_config { sampling_rate: 0.5 ${texts.slice(0, count).join(' ')} }`,
      );
    assert.deepEqual([by(0), by(1), by(2), by(3), by(4)], [0.5, 0.5, 0.5, 0.3, 0.3]);
    assert.throws(() => rateOf({ sampling_config: { attributes: 1 } }, 'sampling_config { attributes: 1 }'), {
      code: 'INVALID_ARGUMENT',
      message: 'sampling_config of model m: attributes are not supported',
    });
    assert.throws(
      () => rateOf({ custom_logging_config: { type_url: 'x' } }, 'custom_logging_config { type_url: "x" }'),
      {
        code: 'INVALID_ARGUMENT',
        message: 'logging_config of model m: custom_logging_config is not supported',
      },
    );
  }
});
