// node scripts/grpcurl.mjs   grpcurl in the cache folder, for tests that call our services by reflection. Prints the program's
// path, or "skip: REASON" where there is no Go to build it with, or its modules cannot be had.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, withLock } from '../dist/easyrec/setup/index.js';
import { say } from './python_environment.mjs';

const VERSION = '1.9.3';

const folder = join(cacheDirectory(), 'oracles', `grpcurl-${VERSION}`);
const program = join(folder, 'grpcurl');

/** Built in a folder of its own, which is removed with all that Go kept for it; undefined, or why it cannot be. */
function build() {
  const env = { ...process.env, GOBIN: folder, GOPATH: join(folder, 'go'), GOFLAGS: '-modcacherw' };
  const wanted = `github.com/fullstorydev/grpcurl/cmd/grpcurl@v${VERSION}`;
  const { status, stderr, error } = spawnSync('go', ['install', wanted], {
    env,
    encoding: 'utf8',
    timeout: 900_000,
  });
  if (status === 0) return undefined;
  if (error === undefined) say(stderr);
  if (error === undefined) return 'go install failed';
  return error.code === 'ENOENT' ? 'there is no Go' : error.message;
}

await mkdir(folder, { recursive: true });
await withLock(`${folder}.lock`, async () => {
  if (existsSync(program)) return console.log(program);
  say(`building grpcurl ${VERSION}, for tests to call our services with`);
  const problem = build();
  await rm(join(folder, 'go'), { recursive: true, force: true });
  console.log(problem === undefined ? program : `skip: grpcurl ${VERSION} could not be built: ${problem}`);
});
