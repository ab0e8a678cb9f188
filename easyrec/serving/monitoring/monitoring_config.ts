import type protobuf from 'protobufjs';
import { ConfigError } from '../../errors.js';
import { readProtoFile } from '../grpc/proto_file.js';
import { parseTextProto, readTextProto } from '../text_proto.js';

/** What a server tells of itself over HTTP. */
export interface MonitoringConfig {
  /** Where Prometheus finds the metrics; absent where they are not offered. */
  readonly prometheusPath?: string;
}

/** As it is written. */
interface Message {
  readonly prometheus_config?: { readonly enable?: boolean; readonly path?: string };
}

const DEFAULT_PATH = '/monitoring/prometheus/metrics';

/**
 * Reads a MonitoringConfig message in text format, as `--monitoring_config_file` names it.
 * @throws DataError when the file cannot be read, ConfigError when it is no such message.
 */
export function readMonitoringConfig(file: string): MonitoringConfig {
  return fromMessage(readTextProto(messageType(), file), file);
}

/** As `readMonitoringConfig`, from text; `file` is what errors call it. */
export function parseMonitoringConfig(text: string, file: string): MonitoringConfig {
  return fromMessage(parseTextProto(messageType(), text, file), file);
}

function messageType(): protobuf.Type {
  const { root } = readProtoFile('easyrec/serving/protos/monitoring_config.proto');
  return root.lookupType('tensorflow.serving.MonitoringConfig');
}

function fromMessage({ prometheus_config: prometheus }: Message, file: string): MonitoringConfig {
  if (prometheus?.enable !== true) return {};
  const { path = '' } = prometheus;
  if (path === '') return { prometheusPath: DEFAULT_PATH };
  if (path.startsWith('/')) return { prometheusPath: path };
  throw new ConfigError(
    `prometheus_config.path: expected a path that begins with /, received ${JSON.stringify(path)}`,
    { at: { file } },
  );
}
