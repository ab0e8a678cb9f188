import { UserError } from '../../errors.js';
import { writeKserveTarget } from '../../serving/kserve/manifest.js';
import type { Flags, Given } from '../args.js';
import type { SERVING_FLAGS } from './serving_flags.js';

/** Flags of what is written instead of serving. */
export const TARGET_FLAGS = {
  target: {
    type: 'string',
    value: 'kserve',
    help: 'write what runs the model on KServe, instead of serving it',
  },
  output_dir: { type: 'string', value: 'DIR', help: 'where --target writes to; default: kserve' },
  storage_uri: {
    type: 'string',
    value: 'URI',
    help: 'where KServe fetches the folder of versions from, such as gs://bucket/m, instead of --model_base_path',
  },
  image: { type: 'string', value: 'NAME', help: 'image that --target writes a Dockerfile for' },
} as const satisfies Flags;

/** What the manifest says itself, or what has no meaning there. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  ...Object.keys(TARGET_FLAGS),
  'model_base_path',
  'model_name',
  'port',
  'rest_api_port',
  'grpc_socket_path',
  'host',
  'help',
  'verbose',
]);

/**
 * Writes a target's files; returns what to tell about them.
 * @throws UserError for a target that there is not, or flags that it cannot have.
 */
export async function writeTarget(flags: Given<typeof SERVING_FLAGS & typeof TARGET_FLAGS>): Promise<string> {
  const {
    target,
    output_dir: folder = 'kserve',
    model_name: modelName,
    model_config_file: configFile,
  } = flags;
  if (target !== 'kserve') {
    throw new UserError(`easyrec serve: --target: expected kserve, received "${target ?? ''}"`);
  }
  if (modelName === undefined) throw new UserError('easyrec serve: --target needs a --model_name');
  if (configFile !== undefined) {
    throw new UserError('easyrec serve: --target: expected one model, received --model_config_file');
  }
  const { files, commands } = await writeKserveTarget(folder, {
    modelName,
    ...(flags.model_base_path !== undefined && { modelBasePath: flags.model_base_path }),
    ...(flags.storage_uri !== undefined && { storageUri: flags.storage_uri }),
    ...(flags.image !== undefined && { image: flags.image }),
    serveFlags: passedOn(flags),
  });
  return `${[...files.map((file) => `wrote ${file}`), 'next:', ...commands.map((line) => `  ${line}`)].join('\n')}\n`;
}

function passedOn(flags: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (NOT_PASSED_ON.has(name) || value === undefined) return [];
    if (/_file$|_list$|^op_library$/.test(name)) {
      throw new UserError(
        `easyrec serve: --target: --${name} names a file of this machine; add it to the Dockerfile`,
      );
    }
    return [`--${name}=${value as string | number | boolean}`];
  });
}
