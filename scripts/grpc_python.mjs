// node scripts/grpc_python.mjs   a Python environment in the cache folder with gRPC's own tools, for tests that call our
// services with clients that nobody here wrote. Prints the interpreter's path, or "skip: REASON" where pip finds none.
import { pythonEnvironment, pythonName, say } from './python_environment.mjs';

const VERSION = '1.85.1';

try {
  const interpreter = await pythonEnvironment(`grpc-${VERSION}`, () => {
    say(`installing gRPC ${VERSION} for Python, for tests to call our services with`);
    return Promise.resolve([`grpcio-tools==${VERSION}`, `grpcio-reflection==${VERSION}`]);
  });
  console.log(interpreter);
} catch (error) {
  say(String(error));
  console.log(`skip: gRPC ${VERSION} could not be installed for ${pythonName()} on ${process.arch}`);
}
