import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCliOk } from '../../support/cli.js';
import { type OracleVersion, runPython } from '../../support/python.js';
import { SMALL, smallRow } from '../../support/small_model.js';
import { type Call, PYTHON_PRELUDE } from './calls.js';

/** Trains the small model in its folder and exports it to `export` in it. */
export async function exportOwnModel(folder: string): Promise<void> {
  await runCliOk(['train', ...SMALL], { cwd: folder });
  await runCliOk(['export', ...SMALL, '--export_dir', 'export'], { cwd: folder });
}

const SCRIPT = String.raw`
root, columns = sys.argv[1], json.loads(sys.argv[2])
[version] = os.listdir(root)
folder = os.path.join(root, version)
assets = os.path.join(folder, 'assets')
for library in (name for name in os.listdir(assets) if name.endswith('.so')):
    tf.load_op_library(os.path.join(assets, library))
predict = tf.saved_model.load(folder).signatures['serving_default']
specs = predict.structured_input_signature[1]
inputs = {k: np.array(columns[k], object if s.dtype == tf.string else s.dtype.as_numpy_dtype) for k, s in specs.items()}
outputs = predict(**{k: tf.constant(v) for k, v in inputs.items()})
print(json.dumps([predict_call('own', 'serving_default', inputs, outputs)]))
`;

/** Has Python compute what the model in the folder `exported` answers to a few rows, with the library in its assets. */
export async function callsOfOwnModel(version: OracleVersion, exported: string): Promise<readonly Call[]> {
  const rows = Array.from({ length: 20 }, (_, i) => smallRow(i));
  const column = (i: number): readonly string[] => rows.map((row) => row[i] ?? '');
  const [user, item, age, title, words] = [column(1), column(2), column(3).map(Number), column(4), column(5)];
  const columns = JSON.stringify({ user, item, age, title, words });
  const output = await runPython(version, PYTHON_PRELUDE + SCRIPT, [exported, columns]);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as readonly Call[];
}

/** Whether a native op travels with the exported model. */
export function bringsLibrary(exported: string): boolean {
  const [version = ''] = readdirSync(exported);
  return readdirSync(join(exported, version, 'assets')).some((name) => name.endsWith('.so'));
}
