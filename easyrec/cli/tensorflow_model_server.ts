import { loadLibtensorflowAhead } from '../tf/native.js';
import { runProgram } from './program.js';

loadLibtensorflowAhead();
const argv = process.argv.slice(2);
process.exitCode = await runProgram(argv, async () => {
  const { modelServer } = await import('./serve/model_server.js');
  return [modelServer, argv];
});
