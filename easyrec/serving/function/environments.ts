import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../package_files.js';
import { ServingError } from '../status.js';
import { hashText } from './archive.js';
import { OncePerKey } from './once_per_key.js';
import { type InstallerOptions, runInstaller } from './run_installer.js';
import type { FunctionRuntime, VersionStore } from './version_store.js';

/** What is to be installed, and who is told. */
export interface EnvironmentOptions extends Pick<InstallerOptions, 'onLine' | 'signal'> {
  readonly runtime: FunctionRuntime;
  /** The function's folder, with requirements.txt or package.json if there is one. */
  readonly content: string;
  /** The version's identity, for what cannot be shared with others. */
  readonly version: string;
  /** Whether nothing that is there already is to be used. */
  readonly isFresh: boolean;
}

/** Names a requirement of the function's own folder or of this machine, not of a registry. */
const LOCAL_REQUIREMENT = /^\s*(-r|-c|-e|--requirement|--constraint|--editable|\.|\/|file:)|@\s*file:/m;

/**
 * The folders in which packages are installed. Functions that require the same share one; it is named by the hash of
 * what is required.
 */
export class Environments {
  readonly #directory: string;
  readonly #stateDirectory: string;
  readonly #python: string;
  readonly #builds = new OncePerKey();

  /** @param python the interpreter that makes the environments of python3. */
  constructor(store: VersionStore, python: string) {
    this.#directory = store.environmentsDirectory;
    this.#stateDirectory = store.directory;
    this.#python = python;
  }

  /**
   * Installs what a function requires, unless it is there already.
   * @returns the name of its folder.
   * @throws ServingError FAILED_PRECONDITION with the installer's last lines.
   */
  async ensure(options: EnvironmentOptions): Promise<string> {
    const plan = await (options.runtime === 'node' ? this.#planNode(options) : this.#planPython(options));
    const own = options.isFresh ? options.version : '';
    const name = `${options.runtime}-${hashText(plan.identity + own).slice(0, 32)}`;
    const folder = join(this.#directory, name);
    await this.#builds.run(
      name,
      () => existsSync(join(folder, 'complete')),
      () => build(folder, plan.install),
      () => options.onLine('waiting for another upload that installs the same'),
    );
    // Kept for another while, even where no version names it yet.
    await utimes(folder, new Date(), new Date());
    return name;
  }

  async #planPython({ content, version, isFresh, onLine, signal }: EnvironmentOptions): Promise<Plan> {
    const requirements = await readText(join(content, 'requirements.txt'));
    const wanted = requirements
      .split('\n')
      .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
      .filter((line) => line !== '');
    const interpreter: string[] = [];
    const describe = 'import sys; print(sys.version); print(sys.executable)';
    await this.#run({
      what: this.#python,
      command: [this.#python, '-c', describe],
      directory: content,
      onLine: (line) => interpreter.push(line),
      signal,
    });
    // The interpreter itself: what was named may be a script that looks for it each time.
    const python = interpreter.at(-1) ?? this.#python;
    const own = LOCAL_REQUIREMENT.test(requirements) ? version : '';
    const run = (what: string, command: readonly string[]): Promise<void> =>
      this.#run({ what, command, directory: content, onLine, signal });
    return {
      identity: JSON.stringify(['python3', interpreter, wanted, own]),
      install: async (folder) => {
        // Without pip in it: it is not needed there, and Debian's python3 cannot make that without one more package.
        await run('python3 -m venv', [python, '-m', 'venv', '--without-pip', folder]);
        if (wanted.length === 0) return;
        const pip = ['-m', 'pip', '--python', join(folder, 'bin', 'python')];
        const cache = isFresh ? ['--no-cache-dir'] : [];
        const options = ['--no-input', '--disable-pip-version-check', ...cache, '-r', 'requirements.txt'];
        await run('requirements.txt: pip install', [python, ...pip, 'install', ...options]);
      },
    };
  }

  async #planNode({ content, version, onLine, signal }: EnvironmentOptions): Promise<Plan> {
    const manifest = await readText(join(content, 'package.json'));
    const lock = await readText(join(content, 'package-lock.json'));
    const dependencies = readDependencies(manifest);
    const isLocal = Object.values(dependencies).some((text) => /^(file:|\.|\/|link:)/.test(String(text)));
    const isEmpty = Object.keys(dependencies).length === 0;
    return {
      identity: JSON.stringify([
        'node',
        process.versions.modules,
        dependencies,
        isEmpty ? '' : lock,
        isLocal ? version : '',
      ]),
      install: async (folder) => {
        await mkdir(folder, { recursive: true });
        if (!isEmpty) {
          if (isLocal) await cp(content, folder, { recursive: true });
          else {
            await writeFile(join(folder, 'package.json'), manifest);
            if (lock !== '') await writeFile(join(folder, 'package-lock.json'), lock);
          }
          const command = ['npm', lock === '' ? 'install' : 'ci', '--omit=dev', '--no-audit', '--no-fund'];
          await this.#run({
            what: `package.json: npm ${command[1] ?? ''}`,
            command,
            directory: folder,
            onLine,
            signal,
          });
        }
        await mkdir(join(folder, 'node_modules'), { recursive: true });
        // A handler may import this package: it is the one that runs here.
        const own = join(folder, 'node_modules', 'easyrec');
        if (!existsSync(own)) await symlink(packageRoot(), own);
      },
    };
  }

  #run(options: Omit<InstallerOptions, 'stateDirectory'>): Promise<void> {
    return runInstaller({ ...options, stateDirectory: this.#stateDirectory });
  }
}

interface Plan {
  /** Equal for environments that may be shared. */
  readonly identity: string;
  readonly install: (folder: string) => Promise<void>;
}

async function build(folder: string, install: (folder: string) => Promise<void>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  try {
    await install(folder);
    await writeFile(join(folder, 'complete'), '');
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function readDependencies(manifest: string): Readonly<Record<string, unknown>> {
  if (manifest === '') return {};
  try {
    const { dependencies = {} } = JSON.parse(manifest) as { dependencies?: Record<string, unknown> };
    return dependencies;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServingError('FAILED_PRECONDITION', `package.json: expected JSON: ${reason}`);
  }
}

async function readText(path: string): Promise<string> {
  return existsSync(path) ? readFile(path, 'utf8') : '';
}
