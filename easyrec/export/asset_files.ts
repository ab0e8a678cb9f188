import { basename } from 'node:path';
import { existsSync, statSync } from 'node:fs';
import { ConfigError } from '../errors.js';
import type { Log } from '../log.js';

/** A file that is copied into a model's `assets/`. */
export interface AssetFile {
  /** Its name in `assets/`. */
  readonly name: string;
  readonly source: string;
}

export interface AssetFileOptions {
  /**
   * Takes the name before the colon as it stands. Default: as EasyRec does, which takes it only when it has a folder
   * in it, so that `fg.json:taobao_fg.json` goes by `taobao_fg.json`.
   */
  readonly exactNames?: boolean | undefined;
  readonly log: Log;
}

/**
 * Reads `--asset_files`: paths joined by commas, each with `name:` before it where it is to have another name.
 *
 * @throws ConfigError when a file is missing or there are two of one name.
 */
export function parseAssetFiles(text: string, options: AssetFileOptions): AssetFile[] {
  const parts = text.split(',').map((part) => part.trim());
  return checked(parts.filter((part) => part !== '').map((part) => parsePart(part, options)));
}

/**
 * Reads `export_config.asset_files`: one path each, where `!` in front of it has no meaning.
 *
 * @throws ConfigError when a file is missing or there are two of one name.
 */
export function configAssetFiles(paths: readonly string[]): AssetFile[] {
  return checked(
    paths.map((path) => path.replace(/^!/, '')).map((source) => ({ name: basename(source), source })),
  );
}

/** The files of a model: EasyRec looks at the command line only when the config names none. */
export function chooseAssetFiles(
  { fromConfig, fromFlag }: { readonly fromConfig: readonly string[]; readonly fromFlag: string },
  options: AssetFileOptions,
): AssetFile[] {
  if (fromConfig.length === 0) return parseAssetFiles(fromFlag, options);
  if (fromFlag !== '') {
    options.log.warn(
      '--asset_files has no effect, since export_config.asset_files names files (as in EasyRec)',
    );
  }
  return configAssetFiles(fromConfig);
}

function parsePart(part: string, { exactNames = false, log }: AssetFileOptions): AssetFile {
  const colon = part.indexOf(':');
  if (colon < 0) return { name: basename(part), source: part };
  const name = part.slice(0, colon).trim();
  const source = part.slice(colon + 1).trim();
  if (name === '' || source === '') {
    throw new ConfigError(`--asset_files: expected path or name:path, received "${part}"`);
  }
  if (exactNames || name.includes('/') || name === basename(source)) return { name, source };
  log.warn(
    `--asset_files: ${part}: the name "${name}" has no effect without a folder in it, as in EasyRec; the file goes ` +
      `by "${basename(source)}" (--exact_asset_names takes names as they stand)`,
  );
  return { name: basename(source), source };
}

function checked(files: readonly AssetFile[]): AssetFile[] {
  const byName = new Map<string, AssetFile>();
  for (const file of files) {
    const { name, source } = file;
    if (!existsSync(source) || !statSync(source).isFile()) {
      const found = existsSync(source) ? 'which is a folder' : 'which does not exist';
      throw new ConfigError(`asset files: expected a file, received ${source}, ${found}`);
    }
    const other = byName.get(name);
    if (other !== undefined && other.source !== source) {
      throw new ConfigError(`asset files: two files are named "${name}": ${other.source} and ${source}`);
    }
    byName.set(name, file);
  }
  return [...byName.values()];
}
