import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { NativeError, UserError } from '../errors.js';
import { packageFile } from '../package_files.js';
import { modelOpLibraries } from '../tf/index.js';
import { readAllowList } from './allow_list.js';
import { EXPORT_RECORD_FILE, type ExportRecord, readExportRecord } from './export_record.js';

/** Which native code may be loaded. */
export interface OpLibraryTrust {
  /** Whether op libraries that models bring along may be loaded at all. */
  readonly fromModels: boolean;
  /** Whether those need no leave of which this package ships the same: its own are loaded for them. Default: no. */
  readonly fromPackage?: boolean | undefined;
  /** A file of SHA-256 sums that may be loaded besides those of a model's own record; read at each load. */
  readonly allowListFile?: string | undefined;
  /** Libraries that the operator names, whatever is in them. Default: none. */
  readonly files?: readonly string[] | undefined;
}

/** The same as users say it: the flags `--load_op_libraries`, `--op_library_allow_list` and `--op_library`. */
export interface OpLibraryOptions {
  /** Whether op libraries in the models' assets folders are loaded; default no, since that runs their code. */
  readonly loadOpLibraries?: boolean | undefined;
  /** Op libraries that models without their own may use. */
  readonly opLibraries?: readonly string[] | undefined;
  /** A file of SHA-256 sums of op libraries that may be loaded, besides those of a model's own record. */
  readonly opLibraryAllowList?: string | undefined;
}

/** An op library that may be loaded, as long as its content is what it was when that was decided. */
export interface TrustedLibrary {
  readonly path: string;
  readonly sha256: string;
}

/**
 * What options allow.
 * @throws UserError for an allow list that nothing is loaded by.
 */
export function opLibraryTrust(options: OpLibraryOptions): OpLibraryTrust {
  const { loadOpLibraries = false, opLibraries, opLibraryAllowList } = options;
  if (opLibraryAllowList !== undefined && !loadOpLibraries) {
    throw new UserError('op_library_allow_list has no effect without load_op_libraries: expected both flags');
  }
  return { fromModels: loadOpLibraries, files: opLibraries, allowListFile: opLibraryAllowList };
}

/**
 * Decides which op libraries are loaded with a model: those that the operator names, and those that the model brings
 * along if that is allowed. Each content is there once.
 *
 * @param name The model and version, for messages.
 * @throws NativeError when the model brings one that must not be loaded, telling of all of them.
 */
export async function trustedOpLibraries(
  name: string,
  directory: string,
  trust: OpLibraryTrust,
): Promise<TrustedLibrary[]> {
  const trusted = new Map<string, TrustedLibrary>();
  for (const path of trust.files ?? []) {
    const sha256 = await sha256Of(path);
    trusted.set(sha256, { path, sha256 });
  }
  const brought = modelOpLibraries(directory);
  if (trust.fromPackage === true && brought.length > 0) await addOwn(brought, trusted);
  if (!trust.fromModels) return [...trusted.values()];
  const record = await readExportRecord(directory);
  const recorded = new Set(record?.opLibraries.values());
  const allowed =
    trust.allowListFile === undefined ? new Set<string>() : await readAllowList(trust.allowListFile);
  const problems: string[] = [];
  for (const path of brought) {
    const outside = await leadsOutside(path, directory);
    if (outside !== undefined) {
      problems.push(`${path} leads out of the version's folder, to ${outside}`);
      continue;
    }
    const sha256 = await sha256Of(path);
    if (trusted.has(sha256)) continue;
    if (recorded.has(sha256) || allowed.has(sha256)) trusted.set(sha256, { path, sha256 });
    else
      problems.push(
        `${path} has SHA-256 ${sha256}, ${whyUnknown(relative(join(directory, 'assets'), path), record)}`,
      );
  }
  if (problems.length > 0) throw refusal(name, problems, trust);
  return [...trusted.values()];
}

/** Adds the package's own libraries that a model brings copies of. */
async function addOwn(brought: readonly string[], trusted: Map<string, TrustedLibrary>): Promise<void> {
  const folder = packageFile(join('ops', 'lib'));
  const files = existsSync(folder) ? await readdir(folder) : [];
  const sums = new Set(await Promise.all(brought.map(sha256Of)));
  for (const file of files.filter((each) => each.endsWith('.so'))) {
    const path = join(folder, file);
    const sha256 = await sha256Of(path);
    if (sums.has(sha256) && !trusted.has(sha256)) trusted.set(sha256, { path, sha256 });
  }
}

function whyUnknown(file: string, record: ExportRecord | undefined): string {
  if (record === undefined) return `and the model has no ${EXPORT_RECORD_FILE}`;
  const exported = record.opLibraries.get(file.split(sep).join('/'));
  return exported === undefined
    ? `of which ${EXPORT_RECORD_FILE} says nothing`
    : `but was exported with ${exported}: the file has changed since`;
}

function refusal(name: string, problems: readonly string[], { allowListFile }: OpLibraryTrust): NativeError {
  const list =
    allowListFile === undefined
      ? 'write its sha256sum into a file and name that with --op_library_allow_list'
      : `add its sha256sum to ${allowListFile}`;
  return new NativeError(
    `${name}: op libraries cannot be loaded, since they are not trusted: ${problems.join('; ')}. ` +
      `To load a library that you trust, ${list}, or name the library itself with --op_library`,
  );
}

/** Where a file really is, if that is not in the folder. */
async function leadsOutside(path: string, directory: string): Promise<string | undefined> {
  const real = await realpath(path).catch((error: unknown) => {
    throw new NativeError(`op library ${path}: cannot be read: ${reason(error)}`, { cause: error });
  });
  const way = relative(await realpath(directory), real);
  return way === '..' || way.startsWith(`..${sep}`) ? real : undefined;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new NativeError(`op library ${path}: cannot be read: ${reason(error)}`, { cause: error });
  }
  return hash.digest('hex');
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
