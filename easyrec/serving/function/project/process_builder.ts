import type { CreateFunctionRequest, UploadHeader } from '../messages.js';
import type { FunctionConfig } from './function_config.js';

/** What the gateway is told of a function whose folder it is sent. */
export interface ProcessBuild {
  readonly header: UploadHeader;
  readonly request: CreateFunctionRequest;
  /** What config.yaml says that has no effect where functions are processes, each with its place. */
  readonly warnings: readonly string[];
}

/**
 * What "dcf gateway" is told of a function: it runs functions as processes on one machine, and builds no images.
 * @throws ConfigError for what cannot be had there.
 */
export function processBuild(config: FunctionConfig): ProcessBuild {
  if (config.secrets.length > 0) {
    throw config.problem(
      'secrets',
      `secrets: this gateway keeps none; expected them in environment_file, received ${config.secrets.join(', ')}`,
    );
  }
  const { name, image, runtime, handler } = config;
  const annotations = { maintainer: config.maintainer, desc: config.description };
  return {
    header: {
      ...{ image, runtime, handler_file: handler.file, handler_name: handler.name },
      timeout_ms: config.timeoutMs,
      concurrency: config.concurrency,
      idle_timeout_ms: config.idleTimeoutMs,
      build_packages: config.buildPackages,
    },
    request: {
      ...{ Service: name, Image: image, EnvVars: config.environment, Labels: config.labels },
      Annotations: Object.fromEntries(Object.entries(annotations).filter(([, text]) => text !== '')),
      ...{ Limits: config.limits, Requests: config.requests },
      ...{ MinReplicas: config.minReplicas, MaxReplicas: config.maxReplicas },
    },
    warnings: warnings(config),
  };
}

function warnings(config: FunctionConfig): readonly string[] {
  const idle: readonly (readonly [string, boolean, string])[] = [
    ['constraints', config.constraints.length > 0, 'there is one machine'],
    ['build_args', Object.keys(config.buildArgs).length > 0, 'no image is built'],
    ['registry_auth', config.registryAuth !== '', 'no image is pushed'],
  ];
  return idle
    .filter(([, isSet]) => isSet)
    .map(([key, , because]) => config.problem(key, `${key}: has no effect here: ${because}`).message);
}
