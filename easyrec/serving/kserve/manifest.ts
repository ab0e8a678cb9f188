import { existsSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { writeFileAtomic } from '../../atomic_files.js';
import { UserError } from '../../errors.js';
import { packageFile } from '../../package_files.js';
import { newestVersion } from '../model_versions.js';

/** What is to be served on KServe. */
export interface KserveTarget {
  /** Name in URLs; the service's own is made of it. */
  readonly modelName: string;
  /** Folder of versions on this machine: the newest is copied, and becomes part of the image. */
  readonly modelBasePath?: string;
  /** Where KServe fetches the versions' folder from instead, such as `gs://bucket/models/m`. */
  readonly storageUri?: string;
  /** The image to build and to run. Default: the service's name, `:latest`. */
  readonly image?: string;
  /** Further flags of `easyrec serve`. */
  readonly serveFlags?: readonly string[];
}

/** What was written, and what to do with it. */
export interface WrittenKserveTarget {
  readonly files: readonly string[];
  /** Shell commands, in order. */
  readonly commands: readonly string[];
}

const MANIFEST = 'inference_service.yaml';
const PORT = 8080;
/** Where KServe puts what it has fetched. */
const MOUNTED = '/mnt/models';

/**
 * Writes what runs a model on KServe into a folder: an InferenceService, a Dockerfile, and the model unless KServe is
 * to fetch it.
 * @throws UserError when the folder holds a manifest already, there is no model, or not exactly one source of it.
 */
export async function writeKserveTarget(folder: string, target: KserveTarget): Promise<WrittenKserveTarget> {
  const { modelBasePath, storageUri } = target;
  if ((modelBasePath === undefined) === (storageUri === undefined)) {
    throw new UserError('target kserve: expected either a model_base_path or a storage_uri');
  }
  const manifest = join(folder, MANIFEST);
  if (existsSync(manifest)) throw new UserError(`target kserve: ${manifest} exists already`);
  const version = modelBasePath === undefined ? undefined : await newestVersion(resolve(modelBasePath));
  const name = serviceName(target.modelName);
  const image = target.image ?? `${name}:latest`;
  await mkdir(folder, { recursive: true });
  const files = [join(folder, 'Dockerfile'), manifest];
  if (version !== undefined) {
    const copy = join(folder, 'models', String(version.version));
    await cp(version.directory, copy, { recursive: true, dereference: true });
    files.push(copy);
  }
  await writeFileAtomic(join(folder, 'Dockerfile'), await dockerfile(target));
  await writeFileAtomic(manifest, stringify(inferenceService(name, image, target)));
  const commands = [
    `docker build -t ${image} ${folder}`,
    `docker push ${image}`,
    `kubectl apply -f ${manifest}`,
  ];
  return { files, commands };
}

/**
 * A name as Kubernetes takes it: lower-case letters, digits and hyphens.
 * @throws UserError when nothing is left of it.
 */
export function serviceName(modelName: string): string {
  const name = modelName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  if (name !== '') return name;
  throw new UserError(
    `model_name: expected one with a letter of a to z in it, received ${JSON.stringify(modelName)}`,
  );
}

async function dockerfile({ modelName, storageUri, serveFlags = [] }: KserveTarget): Promise<string> {
  const template = await readFile(packageFile('templates/kserve/dockerfile.template'), 'utf8');
  const entrypoint = [
    'easyrec',
    'serve',
    `--model_name=${modelName}`,
    `--model_base_path=${storageUri === undefined ? '/app/models' : MOUNTED}`,
    `--rest_api_port=${PORT}`,
    // Knative gives a container one port.
    '--port=off',
    ...serveFlags,
  ];
  return template.replace('{{entrypoint}}', () => JSON.stringify(entrypoint));
}

/** @see https://kserve.github.io/website/latest/modelserving/v1beta1/custom/custom_model/ */
function inferenceService(name: string, image: string, { storageUri }: KserveTarget): object {
  const container = {
    name: 'kserve-container',
    image,
    ports: [{ containerPort: PORT, protocol: 'TCP' }],
    ...(storageUri !== undefined && { env: [{ name: 'STORAGE_URI', value: storageUri }] }),
    readinessProbe: { httpGet: { path: '/v2/health/ready', port: PORT }, periodSeconds: 5 },
    livenessProbe: { httpGet: { path: '/v2/health/live', port: PORT }, periodSeconds: 10 },
  };
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name },
    spec: { predictor: { containers: [container] } },
  };
}
