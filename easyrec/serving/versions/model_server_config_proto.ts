import { readFileSync } from 'node:fs';
import type protobuf from 'protobufjs';
import { packageFile } from '../../package_files.js';
import { parseProto } from '../grpc/proto_file.js';
import { invalidArgument } from '../status.js';
import { parseTextProto, readTextProto } from '../text_proto.js';
import {
  LATEST_VERSION,
  type LoggingConfig,
  type ModelConfig,
  type ModelServerConfig,
  TENSORFLOW_PLATFORM,
  type VersionPolicy,
} from './model_server_config.js';

/** What a 64-bit integer may look like once protobufjs has decoded it. */
type Int64 = string | number | { toString(): string };

interface PolicyMessage {
  readonly latest?: { readonly num_versions?: number } | null;
  readonly all?: object | null;
  readonly specific?: { readonly versions?: readonly Int64[] } | null;
}

interface SamplingMessage {
  readonly sampling_rate?: number;
  readonly attributes?: number;
  readonly per_task_sampling_configs?: readonly {
    readonly dc?: string;
    readonly task_index?: number | null;
    readonly sampling_rate?: number;
  }[];
}

interface ModelConfigMessage {
  readonly name?: string;
  readonly base_path?: string;
  readonly model_type?: string | number;
  readonly model_platform?: string;
  readonly logging_config?: {
    readonly log_collector_config?: { readonly type?: string; readonly filename_prefix?: string } | null;
    readonly sampling_config?: SamplingMessage | null;
    readonly custom_logging_config?: object | null;
  } | null;
  readonly model_version_policy?: PolicyMessage | null;
  readonly version_labels?: Readonly<Record<string, Int64>> | null;
}

/** tensorflow.serving.ModelServerConfig as protobufjs decodes it when it keeps the names of the .proto file. */
export interface ModelServerConfigMessage {
  readonly model_config_list?: { readonly config?: readonly ModelConfigMessage[] } | null;
  readonly custom_model_config?: { readonly type_url?: string } | null;
}

/** The text of the .proto file: it can be parsed into the same root as files that use its messages. */
export function modelServerConfigProtoText(): string {
  return readFileSync(packageFile('easyrec/serving/protos/model_server_config.proto'), 'utf8');
}

/** tensorflow.serving.ModelServerConfig. */
export function modelServerConfigType(): protobuf.Type {
  const { root } = parseProto('model_server_config.proto', modelServerConfigProtoText());
  return root.lookupType('tensorflow.serving.ModelServerConfig');
}

/**
 * Reads a config in text format.
 * @throws DataError when the file cannot be read, ConfigError with the line when its text is no such config.
 */
export function readModelServerConfig(file: string): ModelServerConfig {
  return modelServerConfigOf(readTextProto(modelServerConfigType(), file));
}

/** As `readModelServerConfig`, from text; `file` is what errors name it by. */
export function parseModelServerConfig(text: string, file: string): ModelServerConfig {
  return modelServerConfigOf(parseTextProto(modelServerConfigType(), text, file));
}

/**
 * A config from its decoded message.
 * @throws ServingError INVALID_ARGUMENT, in TensorFlow Serving's words, when a model's platform is wrong.
 */
export function modelServerConfigOf(message: ModelServerConfigMessage): ModelServerConfig {
  const { model_config_list: list, custom_model_config: custom } = message;
  if (list) return { models: (list.config ?? []).map(modelOf) };
  return custom ? { customType: custom.type_url ?? '' } : {};
}

function modelOf(message: ModelConfigMessage): ModelConfig {
  const { name = '', base_path: basePath = '', version_labels: labels, logging_config: logging } = message;
  return {
    name,
    basePath,
    platform: platformOf(name, message),
    versionPolicy: policyOf(message.model_version_policy ?? {}),
    versionLabels: new Map(
      Object.entries(labels ?? {}).map(([label, version]) => [label, BigInt(version.toString())]),
    ),
    ...(logging && { logging: loggingOf(name, logging) }),
  };
}

function platformOf(
  name: string,
  { model_type: type, model_platform: platform = '' }: ModelConfigMessage,
): string {
  if (type === undefined || type === 0 || type === 'MODEL_TYPE_UNSPECIFIED') {
    if (platform !== '') return platform;
    throw invalidArgument(
      'Illegal setting neither ModelServerConfig::model_type (deprecated) nor ' +
        `ModelServerConfig::model_platform, model name is ${name}`,
    );
  }
  if (platform !== '') {
    throw invalidArgument(
      'Illegal setting both ModelServerConfig::model_type (deprecated) and ' +
        `ModelServerConfig::model_platform, model name is ${name}`,
    );
  }
  if (type === 1 || type === 'TENSORFLOW') return TENSORFLOW_PLATFORM;
  throw invalidArgument(`ModelServerConfig::model_type choice ${type === 'OTHER' ? 2 : type} not supported.`);
}

function policyOf({ latest, all, specific }: PolicyMessage): VersionPolicy {
  if (latest) return { kind: 'latest', count: Math.max(latest.num_versions ?? 1, 1) };
  if (all) return { kind: 'all' };
  if (specific) {
    return {
      kind: 'specific',
      versions: (specific.versions ?? []).map((version) => BigInt(version.toString())),
    };
  }
  return LATEST_VERSION;
}

function loggingOf(model: string, message: NonNullable<ModelConfigMessage['logging_config']>): LoggingConfig {
  if (message.custom_logging_config) {
    throw invalidArgument(`logging_config of model ${model}: custom_logging_config is not supported`);
  }
  return {
    collectorType: message.log_collector_config?.type ?? '',
    filenamePrefix: message.log_collector_config?.filename_prefix ?? '',
    samplingRate: samplingRateOf(model, message.sampling_config ?? {}),
  };
}

/** Of rates by task the first counts that names neither a data center nor a task: this server knows of none of its own. */
function samplingRateOf(model: string, sampling: SamplingMessage): number {
  if ((sampling.attributes ?? 0) !== 0) {
    throw invalidArgument(`sampling_config of model ${model}: attributes are not supported`);
  }
  const all = sampling.per_task_sampling_configs ?? [];
  const own = all.find(({ dc = '', task_index: task = null }) => dc === '' && task === null);
  return (own ?? sampling).sampling_rate ?? 0;
}
