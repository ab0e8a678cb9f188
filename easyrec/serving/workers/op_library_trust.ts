import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { NativeError } from '../../errors.js';
import { readSavedModel, unregisteredOps } from '../../tf/index.js';
import type { ExportRecord } from '../export_record.js';
import { EXPORT_RECORD_FILE, readExportRecord } from '../export_record.js';
import { readAllowList } from './allow_list.js';
import type { TrustedLibrary } from './messages.js';

/** Which native code may be loaded. */
export interface OpLibraryTrust {
  /** Whether op libraries that models bring along may be loaded at all. */
  readonly fromModels: boolean;
  /** A file of SHA-256 sums that may be loaded besides those of a model's own record; read at each load. */
  readonly allowListFile?: string | undefined;
  /** Libraries that the operator names: loaded for every model that is loaded in a process of its own. Default: none. */
  readonly files?: readonly string[] | undefined;
}

/** The op libraries in a model's assets folder, sorted, as paths in that folder. */
export async function modelOpLibraries(directory: string): Promise<readonly string[]> {
  const assets = join(directory, 'assets');
  if (!existsSync(assets)) return [];
  const files = await readdir(assets, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.so(\.\d+)*$/.test(file)).sort();
}

/**
 * Whether a version of a model runs native code that is loaded with it, and so belongs in a process of its own: it
 * brings libraries that may be loaded, or uses ops that only a library of the operator's can have.
 *
 * @throws NativeError when it is no SavedModel.
 */
export async function needsWorker(directory: string, trust: OpLibraryTrust): Promise<boolean> {
  if (trust.fromModels && (await modelOpLibraries(directory)).length > 0) return true;
  if ((trust.files ?? []).length === 0) return false;
  const graphs = readSavedModel(directory).meta_graphs ?? [];
  return graphs.some(({ graph_def }) => unregisteredOps(graph_def ?? {}).length > 0);
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
  if (!trust.fromModels) return [...trusted.values()];
  const record = await readExportRecord(directory);
  const recorded = new Set(record?.opLibraries.values());
  const allowed =
    trust.allowListFile === undefined ? new Set<string>() : await readAllowList(trust.allowListFile);
  const problems: string[] = [];
  for (const file of await modelOpLibraries(directory)) {
    const path = join(directory, 'assets', file);
    const outside = await leadsOutside(path, directory);
    if (outside !== undefined) {
      problems.push(`${path} leads out of the version's folder, to ${outside}`);
      continue;
    }
    const sha256 = await sha256Of(path);
    if (trusted.has(sha256)) continue;
    if (recorded.has(sha256) || allowed.has(sha256)) trusted.set(sha256, { path, sha256 });
    else problems.push(`${path} has SHA-256 ${sha256}, ${whyUnknown(file, record)}`);
  }
  if (problems.length > 0) throw refusal(name, problems, trust);
  return [...trusted.values()];
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
