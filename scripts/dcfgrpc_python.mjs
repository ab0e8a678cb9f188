// node scripts/dcfgrpc_python.mjs   a Python environment in the cache folder with dcfgrpc, DCF's own client, for tests
// that call our gateway with it. Prints the interpreter's path, or "skip: REASON" where pip finds it not.
import { pythonEnvironment, pythonName, say } from './python_environment.mjs';

const VERSION = '0.1.3';

try {
  const interpreter = await pythonEnvironment(`dcfgrpc-${VERSION}`, () => {
    say(`installing dcfgrpc ${VERSION} for Python, for tests to call our gateway with`);
    // Its generated code needs a protobuf that no grpcio-tools of today, which it asks for, goes with.
    const needed = ['grpcio==1.85.1', 'typing-extensions', 'protobuf==3.20.3'];
    return Promise.resolve(['--no-deps', `dcfgrpc==${VERSION}`, ...needed]);
  });
  console.log(interpreter);
} catch (error) {
  say(String(error));
  console.log(`skip: dcfgrpc ${VERSION} could not be installed for ${pythonName()} on ${process.arch}`);
}
