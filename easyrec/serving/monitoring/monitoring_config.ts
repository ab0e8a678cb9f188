import { readFileSync } from 'node:fs';
import { packageFile } from '../../package_files.js';
import { parseProto } from '../grpc/proto_file.js';
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
  return fromMessage(readTextProto(messageType(), file));
}

/** As `readMonitoringConfig`, from text; `file` is what errors call it. */
export function parseMonitoringConfig(text: string, file: string): MonitoringConfig {
  return fromMessage(parseTextProto(messageType(), text, file));
}

function messageType(): ReturnType<ReturnType<typeof parseProto>['root']['lookupType']> {
  const name = 'monitoring_config.proto';
  const text = readFileSync(packageFile(`easyrec/serving/protos/${name}`), 'utf8');
  return parseProto(name, text).root.lookupType('tensorflow.serving.MonitoringConfig');
}

function fromMessage({ prometheus_config: prometheus }: Message): MonitoringConfig {
  if (prometheus?.enable !== true) return {};
  return {
    prometheusPath: prometheus.path === undefined || prometheus.path === '' ? DEFAULT_PATH : prometheus.path,
  };
}
