import { readFileSync } from 'node:fs';
import { packageFile } from '../../package_files.js';
import { parseProto, parseProtos, type ProtoFile, type ProtoSource } from '../grpc/proto_file.js';
import { modelServerConfigProtoText } from '../versions/model_server_config_proto.js';

const TENSORFLOW = 'tensorflow/tensorflow.proto';

const FILES = {
  'google/protobuf/any.proto': 'grpc/protos/google/any.proto',
  'google/protobuf/wrappers.proto': 'grpc/protos/google/wrappers.proto',
  'tensorflow/error_codes.proto': 'tfserving/protos/error_codes.proto',
  [TENSORFLOW]: 'tfserving/protos/tensorflow.proto',
} as const;

const SERVICES = 'tensorflow_serving/serving.proto';

/** TensorFlow Serving's services with all that they need, as reflection tells of them. */
export function servingProtos(): readonly ProtoFile[] {
  const sources: readonly ProtoSource[] = [
    ...Object.entries(FILES).map(([name, path]) => ({ name, text: readProto(path) })),
    { name: 'tensorflow_serving/model_server_config.proto', text: modelServerConfigProtoText() },
    { name: SERVICES, text: readProto('tfserving/protos/serving.proto') },
  ];
  return parseProtos(sources);
}

/** TensorFlow's own messages, as its services use them. */
export function tensorflowProto(): ProtoFile {
  return parseProto(TENSORFLOW, readProto(FILES[TENSORFLOW]));
}

/** The file among `servingProtos` that has the services. */
export function servicesFile(files: readonly ProtoFile[]): ProtoFile {
  const file = files.find(({ name }) => name === SERVICES);
  if (file === undefined) throw new Error(`${SERVICES} is missing`);
  return file;
}

function readProto(path: string): string {
  return readFileSync(packageFile(`easyrec/serving/${path}`), 'utf8');
}
