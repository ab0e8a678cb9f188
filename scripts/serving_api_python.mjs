// node scripts/serving_api_python.mjs   a folder in the cache with TensorFlow Serving's own stubs for Python, for tests that
// call our services with them; they need a Python with TensorFlow besides. Prints the folder, or "skip: REASON" where pip
// finds none.
import { spawnSync } from 'node:child_process';
import { pythonEnvironment, pythonName, say } from './python_environment.mjs';

const VERSION = '2.21.0';

try {
  const interpreter = await pythonEnvironment(`serving-api-${VERSION}`, () => {
    say(`installing TensorFlow Serving's stubs ${VERSION} for Python, for tests to call our services with`);
    // Without what it asks for: the TensorFlow that is there already.
    return Promise.resolve(['--no-deps', `tensorflow-serving-api==${VERSION}`]);
  });
  const question = ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'];
  const { stdout, status } = spawnSync(interpreter, question, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${interpreter} does not run`);
  console.log(stdout.trim());
} catch (error) {
  say(String(error));
  console.log(`skip: tensorflow-serving-api ${VERSION} could not be installed for ${pythonName()}`);
}
