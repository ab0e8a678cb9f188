import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../package_files.js';
import { formatTable } from '../report/table.js';
import { Graph, loadLibtensorflow, loadOpLibrary, Session } from '../tf/index.js';
import { type CommandHelp, type Flags, parseArguments } from './args.js';
import type { Command } from './command.js';

const HELP = {
  name: 'easyrec doctor',
  summary: 'Shows which libtensorflow is used, which op libraries load, and which devices there are.',
  flags: { json: { type: 'boolean', help: 'print JSON' } },
} as const satisfies CommandHelp<Flags>;

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** `easyrec doctor`: exit code 2 when something does not work. */
export const doctor: Command = async (argv, { stdout }) => {
  const { flags } = parseArguments(argv, HELP);
  const findings: Finding[] = [{ name: 'node', ok: true, detail: process.version }];
  const found = attempt('libtensorflow', () => {
    const { version, directory, source } = loadLibtensorflow();
    return `${version} in ${directory} (${source})`;
  });
  findings.push(found);
  if (found.ok) findings.push(...(await devices()), ...opLibraries());
  if (flags.json === true) stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else {
    const rows = findings.map(({ name, ok, detail }) => [ok ? 'ok' : 'FAILED', name, detail]);
    stdout.write(formatTable([{ title: '' }, { title: 'what' }, { title: 'found' }], rows));
  }
  return findings.every(({ ok }) => ok) ? 0 : 2;
};

function attempt(name: string, look: () => string): Finding {
  try {
    return { name, ok: true, detail: look() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function devices(): Promise<Finding[]> {
  using graph = new Graph();
  await using session = Session.create(graph);
  return session.devices().map(({ name, type }) => ({ name: 'device', ok: true, detail: `${type} ${name}` }));
}

function opLibraries(): Finding[] {
  const folder = packageFile('ops/lib');
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.so')) : [];
  if (files.length === 0) {
    return [{ name: 'op libraries', ok: false, detail: `none in ${folder}; easyrec setup builds them` }];
  }
  return files.sort().map((file) =>
    attempt(file, () => {
      const names = loadOpLibrary(join(folder, file)).ops.map(({ name }) => name);
      return names.length > 0 ? `ops ${names.join(', ')}` : 'loads';
    }),
  );
}
