// node scripts/prepare.mjs [VERSION...]   the native half of set-up: libtensorflow found or fetched, ops built.
// With versions, these are put into the cache as well, and nothing is built.
import { fetchLibtensorflow, prepare, transferLine } from '../dist/easyrec/setup/index.js';

const say = (message) => process.stderr.write(`${message}\n`);
const log = {
  info: say,
  warn: (message) => say(`warning: ${message}`),
  debug: () => undefined,
};
const options = { log, onProgress: transferLine(process.stderr) };
const versions = process.argv.slice(2);
try {
  if (versions.length === 0) await prepare(options);
  for (const version of versions) {
    const { directory } = await fetchLibtensorflow({ ...options, version });
    say(`libtensorflow ${version}: ${directory}`);
  }
} catch (error) {
  if (error?.name !== 'NativeError') throw error;
  say(`error: ${error.message}`);
  process.exitCode = 2;
}
