import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { VersionDirectory } from '../model_versions.js';
import type { VersionPolicy } from './model_server_config.js';

/** The versions under a base path. */
export interface FoundVersions {
  /** Newest first. */
  readonly versions: readonly VersionDirectory[];
  /** Folders that mean a version which another folder stands for: `007` beside `7`. */
  readonly duplicates: readonly string[];
}

const INT64_MAX = 2n ** 63n - 1n;

/**
 * Every folder whose name is a number; of several that mean the same number, the last in alphabetical order.
 * @throws Error with the code of the file system when the base path cannot be read.
 */
export async function findVersions(basePath: string): Promise<FoundVersions> {
  const entries = await readdir(basePath, { withFileTypes: true });
  const names = entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && /^\d+$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
  const byVersion = new Map<bigint, string>();
  const duplicates: string[] = [];
  for (const name of names) {
    const version = BigInt(name);
    if (version > INT64_MAX) continue;
    const other = byVersion.get(version);
    if (other !== undefined) duplicates.push(join(basePath, other));
    byVersion.set(version, name);
  }
  const versions = [...byVersion].map(([version, name]) => ({ version, directory: join(basePath, name) }));
  return { versions: versions.sort(newestFirst), duplicates };
}

/** Orders by version, the highest first. */
export function newestFirst(a: { readonly version: bigint }, b: { readonly version: bigint }): number {
  return a.version === b.version ? 0 : a.version > b.version ? -1 : 1;
}

/** What a policy makes of the versions that are there. */
export interface ChosenVersions {
  /** To be served, newest first. */
  readonly chosen: readonly VersionDirectory[];
  /** Not ready to be loaded yet; they would be served otherwise. */
  readonly waiting: readonly VersionDirectory[];
  /** Asked for by the policy, but not there. */
  readonly missing: readonly bigint[];
}

/**
 * Applies a policy: a version that is not ready counts as not there yet, so an older one takes its place.
 *
 * @param versions Newest first.
 */
export async function chooseVersions(
  versions: readonly VersionDirectory[],
  policy: VersionPolicy,
  isReady: (version: VersionDirectory) => Promise<boolean>,
): Promise<ChosenVersions> {
  const wanted =
    policy.kind === 'specific'
      ? versions.filter(({ version }) => policy.versions.includes(version))
      : versions;
  const most = policy.kind === 'latest' ? policy.count : wanted.length;
  const chosen: VersionDirectory[] = [];
  const waiting: VersionDirectory[] = [];
  for (const version of wanted) {
    if (chosen.length >= most) break;
    ((await isReady(version)) ? chosen : waiting).push(version);
  }
  const missing =
    policy.kind === 'specific'
      ? policy.versions.filter((version) => !wanted.some((found) => found.version === version))
      : [];
  return { chosen, waiting, missing };
}
