// node scripts/chromium.mjs   a headless Chromium for tests of the page: the one on the path, or Debian's packages
// unpacked in the cache folder, which needs no rights. Prints the program, or "skip: REASON" where there is none.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, withLock } from '../dist/easyrec/setup/index.js';

const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];
const PACKAGE = 'chromium-headless-shell';

function runs(program) {
  return spawnSync(program, ['--version']).status === 0;
}

function run(program, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', cwd });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

/** Unpacks the package and those that it needs and this machine lacks. */
async function unpack(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const plan = run('apt-get', ['install', '--simulate', '--no-install-recommends', PACKAGE], folder);
  const packages = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  process.stderr.write(
    `fetching Chromium and ${packages.length - 1} packages that it needs, for tests of the page\n`,
  );
  run('apt-get', ['download', ...packages], folder);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.deb'));
  for (const file of files) {
    run('dpkg', ['-x', file, '.'], folder);
    await rm(join(folder, file));
  }
  const libraries = (await readdir(join(folder, 'usr/lib')))
    .filter((name) => name.includes('-linux-gnu'))
    .flatMap((name) => [join(folder, 'usr/lib', name), join(folder, 'usr/lib', name, 'pulseaudio')]);
  const script = `#!/bin/sh
export LD_LIBRARY_PATH='${libraries.join(':')}'
exec '${folder}/usr/lib/chromium/${PACKAGE}' "$@"
`;
  await writeFile(join(folder, 'chromium'), script, { mode: 0o755 });
}

async function find() {
  const found = NAMES.find(runs);
  if (found !== undefined) return found;
  const folder = join(cacheDirectory(), 'chromium');
  const program = join(folder, 'chromium');
  await mkdir(cacheDirectory(), { recursive: true });
  await withLock(`${folder}.lock`, async () => {
    if (!existsSync(program) || !runs(program)) await unpack(folder);
  });
  if (!runs(program)) throw new Error(`${program} does not start`);
  return program;
}

try {
  const found = await find();
  // The tests take a path; what is on the path has one.
  console.log(found.includes('/') ? found : run('which', [found]).trim());
} catch (error) {
  console.log(`skip: there is no Chromium: ${String(error).split('\n')[0]}`);
}
