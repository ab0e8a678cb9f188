import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectFiles } from './project_files.js';

/** What `easyrec setup` runs, as Debian's packages: pip fetches libtensorflow, CMake builds the ops. */
const NEEDED_BY_SETUP = ['ca-certificates', 'cmake', 'g++', 'make', 'python3', 'python3-pip'];

test('images that set the toolkit up have the programs that the set-up runs', () => {
  const dockerfiles = projectFiles('templates/*/dockerfile*.template').filter(({ text }) =>
    /^RUN .*easyrec setup/m.test(text),
  );
  assert.ok(dockerfiles.length >= 4, `found ${dockerfiles.length}`);
  for (const { path, text } of dockerfiles) {
    const [, packages = ''] = /apt-get install (.*?) &&/.exec(text) ?? [];
    const missing = NEEDED_BY_SETUP.filter((name) => !packages.split(' ').includes(name));
    assert.deepEqual(missing, [], path);
    assert.match(
      text,
      /^ENV EASYREC_CACHE=\/opt\/easyrec$/m,
      `${path}: users other than root find nothing in root's home`,
    );
  }
});
