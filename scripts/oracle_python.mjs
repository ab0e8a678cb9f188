// node scripts/oracle_python.mjs VERSION   a Python environment in the cache folder with real TensorFlow VERSION, for
// tests to compare with. Prints the interpreter's path, or "skip: REASON" where no such TensorFlow is published for this
// machine's python3.
import { fetchInstallableWheel, transferLine } from '../dist/easyrec/setup/index.js';
import { pythonEnvironment, pythonName, say } from './python_environment.mjs';

const [version] = process.argv.slice(2);

const interpreter = await pythonEnvironment(`tensorflow-${version}`, async () => {
  const log = { info: say, warn: say, debug: () => undefined };
  const wheel = await fetchInstallableWheel({ version, log, onProgress: transferLine(process.stderr) });
  if (wheel === undefined) return undefined;
  say(`installing TensorFlow ${version} for Python, for tests to compare with`);
  return [wheel];
});
console.log(interpreter ?? `skip: TensorFlow ${version} has no wheel for ${pythonName()} on ${process.arch}`);
