import { stringify } from 'yaml';
import type { FunctionConfig } from './function_config.js';

/** Where manifests are for. */
export type Target = 'knative' | 'openfaas';

/** The port that a function's container listens on. */
const PORT = 8080;
const SECRETS_FOLDER = '/var/openfaas/secrets';

/**
 * The manifests of functions as files' texts, by name.
 * @param folderOf a function's folder as the manifest is to name it.
 * @throws ConfigError for what the target does not have.
 */
export function manifests(
  target: Target,
  functions: readonly FunctionConfig[],
  folderOf: (config: FunctionConfig) => string,
): ReadonlyMap<string, string> {
  if (target === 'openfaas') {
    const stack = {
      version: 1,
      provider: { name: 'openfaas', gateway: `http://127.0.0.1:${PORT}` },
      functions: Object.fromEntries(functions.map((f) => [f.name, openfaasFunction(f, folderOf(f))])),
    };
    return new Map([['stack.yaml', yamlText(stack).replace(/^version: 1$/m, 'version: 1.0')]]);
  }
  return new Map(functions.map((config) => [`${config.name}.yaml`, yamlText(knativeService(config))]));
}

/** The arguments with which Docker builds a function's image. */
export function dockerBuildArguments(config: FunctionConfig): Readonly<Record<string, string>> {
  const { handler, buildPackages, buildArgs } = config;
  return {
    handler_file: handler.file,
    handler_name: handler.name,
    ...(buildPackages.length > 0 && { ADDITIONAL_PACKAGE: buildPackages.join(' ') }),
    ...buildArgs,
  };
}

/** @see https://knative.dev/docs/serving/services/ */
function knativeService(config: FunctionConfig): object {
  const { name, image, environment, secrets } = config;
  const isIdle = config.idleTimeoutMs > 0;
  const scaling = {
    ...(config.minReplicas > 0 && !isIdle && { 'min-scale': String(config.minReplicas) }),
    ...(config.maxReplicas > 0 && { 'max-scale': String(config.maxReplicas) }),
    ...(isIdle && { 'scale-to-zero-pod-retention-period': `${Math.ceil(config.idleTimeoutMs / 1000)}s` }),
  };
  const annotations = Object.entries(scaling).map(([key, value]) => [
    `autoscaling.knative.dev/${key}`,
    value,
  ]);
  const mounts = secrets.map((secret) => ({
    name: secret,
    mountPath: `${SECRETS_FOLDER}/${secret}`,
    readOnly: true,
  }));
  const container = {
    image,
    ports: [{ containerPort: PORT }],
    env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
    resources: { limits: quantities(config.limits), requests: quantities(config.requests) },
    readinessProbe: { httpGet: { path: '/healthz' } },
    volumeMounts: mounts,
  };
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name, labels: config.labels, annotations: texts(config) },
    spec: {
      template: {
        metadata: { annotations: Object.fromEntries(annotations) as Readonly<Record<string, string>> },
        spec: {
          ...(config.concurrency > 0 && { containerConcurrency: config.concurrency }),
          ...(config.timeoutMs > 0 && { timeoutSeconds: Math.ceil(config.timeoutMs / 1000) }),
          nodeSelector: nodeSelector(config),
          containers: [container],
          volumes: secrets.map((secret) => ({ name: secret, secret: { secretName: secret } })),
        },
      },
    },
  };
}

/** @see https://docs.openfaas.com/reference/yaml/ */
function openfaasFunction(config: FunctionConfig, folder: string): object {
  const { limits, requests, timeoutMs } = config;
  for (const [key, { GPU = '' }] of Object.entries({ limits, requests })) {
    if (GPU !== '' && GPU !== '0') throw config.problem(key, `${key}: gpu: OpenFaaS has no such limit`);
  }
  const scale = {
    ...(config.minReplicas > 0 && { min: String(config.minReplicas) }),
    ...(config.maxReplicas > 0 && { max: String(config.maxReplicas) }),
    ...(config.idleTimeoutMs > 0 && {
      zero: 'true',
      'zero-duration': `${Math.ceil(config.idleTimeoutMs / 1000)}s`,
    }),
  };
  const scaling = Object.fromEntries(
    Object.entries(scale).map(([key, v]) => [`com.openfaas.scale.${key}`, v]),
  );
  const time = timeoutMs > 0 ? { exec_timeout: `${Math.ceil(timeoutMs / 1000)}s` } : {};
  return {
    lang: 'dockerfile',
    handler: folder,
    image: config.image,
    build_args: dockerBuildArguments(config),
    environment: { ...config.environment, ...time },
    labels: { ...config.labels, ...scaling },
    annotations: texts(config),
    constraints: config.constraints,
    secrets: config.secrets,
    limits: quantities(limits),
    requests: quantities(requests),
  };
}

function texts({ maintainer, description }: FunctionConfig): Readonly<Record<string, string>> {
  return { ...(maintainer !== '' && { maintainer }), ...(description !== '' && { desc: description }) };
}

function quantities({
  Memory = '',
  CPU = '',
  GPU = '',
}: FunctionConfig['limits']): Readonly<Record<string, string>> {
  return {
    ...(Memory !== '' && { memory: Memory }),
    ...(CPU !== '' && { cpu: CPU }),
    ...(GPU !== '' && GPU !== '0' && { 'nvidia.com/gpu': GPU }),
  };
}

function nodeSelector(config: FunctionConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(
    config.constraints.map((constraint) => {
      const [, key, value] = /^\s*([^\s=!]+)\s*={1,2}\s*(\S+)\s*$/.exec(constraint) ?? [];
      if (key !== undefined && value !== undefined) return [key, value];
      throw config.problem('constraints', `constraints: expected LABEL=VALUE, received "${constraint}"`);
    }),
  );
}

/** Without what is empty. */
function yamlText(value: object): string {
  const isEmpty = (item: unknown): boolean =>
    typeof item === 'object' && item !== null && Object.keys(item).length === 0;
  const cleaned = JSON.parse(JSON.stringify(value), (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).filter(([, inner]) => !isEmpty(inner)));
  }) as object;
  return stringify(cleaned, { lineWidth: 0 });
}
