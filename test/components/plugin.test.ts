import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { planLayer } from '../../easyrec/components/backbone/layer_plan.js';
import { COMPONENTS } from '../../easyrec/components/index.js';
import { loadPlugin, withPlugins } from '../../easyrec/components/plugin.js';
import { expectTensor } from '../../easyrec/components/value.js';
import { parseMessage } from '../../easyrec/config/index.js';
import { ConfigError } from '../../easyrec/errors.js';
import { gradients } from '../../easyrec/tf/grad/index.js';
import { Graph, ops, Output, Session, Variables } from '../../easyrec/tf/index.js';
import { withTempFolder } from '../support/temp_folder.js';
import { evaluate, initialize, matrix, tower } from '../support/tower.js';

const SCALE = `
import { defineComponent, definePlugin, expectTensor, param } from 'easyrec';
import type { BlockValue } from 'easyrec';
import { ops, Output } from 'easyrec/tf';
import { twice } from './helpers/twice';

const scale = defineComponent({
  name: 'Scale',
  params: { factor: param.number(3), label: param.optional(param.string()) },
  build(ctx, block, input: BlockValue, { factor, label }): BlockValue {
    if (!(input instanceof Output)) throw new Error('its Output class is another than the toolkit has');
    ctx.variables.getOrCreate(\`\${block.scope}/\${label ?? 'weight'}\`, { shape: [1], initializer: (graph) => ops.constant(graph, 'float32', [1]) });
    return ops.mul(expectTensor(input), twice(factor));
  },
});

export default definePlugin({
  components: { Scale: scale },
  gradients: { MyOp: null },
  opLibraries: ['lib/libmy_op.so'],
});
`;

async function withPluginFile(
  text: string,
  use: (path: string) => Promise<void>,
  name = 'my_plugin.ts',
): Promise<void> {
  await withTempFolder(async (folder) => {
    await mkdir(join(folder, 'helpers'));
    await mkdir(join(folder, 'lib'));
    await writeFile(join(folder, 'lib', 'libmy_op.so'), '');
    await writeFile(
      join(folder, 'helpers', 'twice.ts'),
      'export const twice = (x: number): number => 2 * x;\n',
    );
    await writeFile(join(folder, name), text);
    await use(join(folder, name));
  });
}

async function fails(text: string, message: RegExp): Promise<void> {
  await withPluginFile(text, async (path) => {
    await assert.rejects(loadPlugin(path), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.ok(error.message.startsWith(path), error.message);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('a component of a plugin in TypeScript is built like one of our own', async () => {
  await withPluginFile(SCALE, async (path) => {
    const plugin = await loadPlugin(path);
    const components = withPlugins(COMPONENTS, [plugin]);
    using graph = new Graph();
    const variables = new Variables(graph);
    const config = parseMessage(
      'KerasLayer',
      'class_name: "Scale" st_params { fields { key: "factor" value { number_value: 5 } } }',
    );
    const apply = planLayer({ case: 'keras_layer', value: config }, components);
    const output = expectTensor(apply(tower(variables, { components }), 'b', matrix(variables, [[1, 2]])));
    assert.ok(output instanceof Output);
    await using session = Session.create(graph);
    initialize(session, variables);
    assert.deepEqual(evaluate(session, [output]), [[10, 20]]);
    assert.deepEqual(
      variables.all.map(({ name }) => name),
      ['backbone/b/weight'],
    );
  });
});

test('a plugin brings gradient rules, and op libraries by their place beside it', async () => {
  await withPluginFile(SCALE, async (path) => {
    const { gradients, opLibraries } = await loadPlugin(path);
    assert.deepEqual(gradients, { MyOp: null });
    assert.deepEqual(opLibraries, [join(path, '..', 'lib', 'libmy_op.so')]);
  });
});

test('a plugin may be JavaScript and export itself as "plugin"', async () => {
  const text = `import { definePlugin } from 'easyrec'; export const plugin = definePlugin({});`;
  await withPluginFile(
    text,
    async (path) => {
      assert.deepEqual((await loadPlugin(path)).components, {});
    },
    'plugin.mjs',
  );
});

test('a plugin that does not compile is told with its line', async () => {
  await fails(`const a = 1;\nconst b = ;\n`, /my_plugin\.ts:2:11: plugin: /);
});

test('a plugin that imports what there is not is told with its line', async () => {
  await fails(
    `import { x } from './nothing.js';\nexport default x;`,
    /my_plugin\.ts:1:19: plugin: .*nothing/,
  );
  await fails(
    `import { x } from 'easyrec/models';\nexport default x;`,
    /:1:\d+: plugin: expected an import of easyrec, easyrec\/tf/,
  );
});

test('a plugin that throws is told with its reason', async () => {
  await fails(`throw new Error('no luck');`, /plugin: fails while it is loaded: no luck/);
});

test('a file that exports no plugin is told what it exports', async () => {
  await fails(
    `export const component = 1;`,
    /expected a default export or "plugin".*received exports component/,
  );
  await fails(`export default { components: { A: 1 } };`, /expected a default export or "plugin"/);
});

test('a plugin file that is not there is an error', async () => {
  await assert.rejects(loadPlugin('/no/such/plugin.ts'), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /there is none at \/no\/such\/plugin\.ts/);
    return true;
  });
});

test('an op library that is not there is told with the plugin that names it', async () => {
  await fails(
    `import { definePlugin } from 'easyrec'; export default definePlugin({ opLibraries: ['libnone.so'] });`,
    /opLibraries: expected an op library, there is none at .*libnone\.so; easyrec op build/,
  );
});

/** The message of what a plugin's component or rule does when it is used. */
async function buildError(build: string): Promise<string> {
  const text = `
import { defineComponent, definePlugin } from 'easyrec';
const broken = defineComponent({
  name: 'Broken', params: {}, build(ctx, block, input) {
    ${build}
  },
});
export default definePlugin({ components: { Broken: broken } });
`;
  let message = '';
  await withPluginFile(text, async (path) => {
    const components = withPlugins(COMPONENTS, [await loadPlugin(path)]);
    using graph = new Graph();
    const variables = new Variables(graph);
    const config = parseMessage('KerasLayer', 'class_name: "Broken"');
    const apply = planLayer({ case: 'keras_layer', value: config }, components);
    assert.throws(
      () => apply(tower(variables, { components }), 'b', matrix(variables, [[1]])),
      (error) => {
        assert.ok(error instanceof ConfigError);
        message = error.message.replaceAll(path, 'FILE');
        return true;
      },
    );
  });
  return message;
}

test('an error that a component did not foresee names the place in its file', async () => {
  process.setSourceMapsEnabled(true);
  assert.match(
    await buildError('return ctx.nothing.here;'),
    /^FILE:5:24: plugin: component "Broken" of block "b" fails: TypeError: .*'here'/,
  );
});

test('an op that no library registers is told with the block and its component', async () => {
  assert.match(
    await buildError(`return ctx.graph.op('NoSuchOp', [input]).output();`),
    /block "b" \(Broken\): op "NoSuchOp": not registered/,
  );
});

test('a library that nobody brings is told with the block and its component', async () => {
  assert.match(
    await buildError(`ctx.opLibraries.require('nobodys'); return input;`),
    /block "b" \(Broken\): op library "nobodys": expected one of edit_distance, overlap/,
  );
});

test('a gradient rule that fails names its plugin and op', async () => {
  const text = `
import { definePlugin } from 'easyrec';
export default definePlugin({ gradients: { Tanh: (op) => op.nothing.here } });
`;
  await withPluginFile(text, async (path) => {
    const { gradients: rules } = await loadPlugin(path);
    using graph = new Graph();
    const x = ops.placeholder(graph, 'float32', [], 'x');
    assert.throws(
      () => gradients(ops.tanh(x), [x], { rules }),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /my_plugin\.ts.*plugin: the gradient rule of Tanh fails: TypeError/);
        return true;
      },
    );
  });
});

test('a component name that is taken is refused', async () => {
  await withPluginFile(SCALE, async (path) => {
    const plugin = await loadPlugin(path);
    const again = { ...plugin, path: `${path}.copy` };
    assert.throws(
      () => withPlugins(COMPONENTS, [plugin, again]),
      /component "Scale" is already defined by .*my_plugin\.ts/,
    );
    const scale = plugin.components['Scale'];
    assert.ok(scale);
    const asMlp = { ...plugin, components: { MLP: scale } };
    assert.throws(
      () => withPlugins(COMPONENTS, [asMlp]),
      /component "MLP" is already defined by a built-in component/,
    );
  });
});
