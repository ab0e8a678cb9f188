import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { Log } from '../../log.js';
import type { ModelCatalog, VersionStatus } from '../catalog.js';
import { serviceDefinition } from '../grpc/service_definition.js';
import type { GrpcService } from '../grpc/grpc_server.js';
import type { ProtoFile } from '../grpc/proto_file.js';
import { statusOf } from '../grpc/unary.js';
import { invalidArgument, STATUS_CODES } from '../status.js';
import type { ReloadableCatalog } from '../versions/model_manager.js';
import { modelServerConfigOf, type ModelServerConfigMessage } from '../versions/model_server_config_proto.js';
import { servicesFile, servingProtos } from './protos.js';

/** A counter of the server's, by the name that it has in TensorFlow Serving. */
export type CounterReader = (name: string) => bigint;

/** As protobufjs decodes it. */
interface Int64 {
  toString(): string;
}

interface StatusRequest {
  readonly model_spec?: {
    readonly name: string;
    readonly version?: { readonly value: Int64 } | null;
    readonly version_label?: string;
  } | null;
}

interface ReloadRequest {
  readonly config?: ModelServerConfigMessage | null;
  readonly metric_names: readonly string[];
}

const STATES = { START: 10, LOADING: 20, AVAILABLE: 30, UNLOADING: 40, END: 50 } as const;

/**
 * tensorflow.serving.ModelService: TensorFlow Serving's gRPC protocol for the state of models and for exchanging them.
 * @param counter what `metric_names` of a reload ask for; default: nothing is counted
 * @param protos files with the service's definition, where they have been read already
 */
export function modelService(
  catalog: ReloadableCatalog,
  log: Log,
  counter: CounterReader = () => 0n,
  protos: readonly ProtoFile[] = servingProtos(),
): GrpcService {
  return {
    definition: serviceDefinition(servicesFile(protos), 'tensorflow.serving.ModelService'),
    implementation: {
      GetModelStatus: (
        { request }: ServerUnaryCall<StatusRequest, object>,
        callback: sendUnaryData<object>,
      ): void => {
        try {
          callback(null, { model_version_status: statuses(catalog, request).map(statusMessage) });
        } catch (error) {
          callback(statusOf(error, log));
        }
      },
      HandleReloadConfigRequest: (
        { request }: ServerUnaryCall<ReloadRequest, object>,
        callback: sendUnaryData<object>,
      ): void => {
        reload(catalog, request, counter).then(
          (response) => callback(null, response),
          (error: unknown) => callback(statusOf(error, log)),
        );
      },
    },
  };
}

function statuses(catalog: ModelCatalog, { model_spec: model }: StatusRequest): readonly VersionStatus[] {
  if (!model) throw invalidArgument('Missing ModelSpec');
  const { name, version } = model;
  return catalog.status({ name, ...(version && { version: BigInt(version.value.toString()) }) });
}

function statusMessage({ version, state, errorCode, errorMessage }: VersionStatus): object {
  const code = errorCode === 'OK' ? 0 : STATUS_CODES[errorCode].code;
  return {
    version: String(version),
    state: STATES[state],
    status: { error_code: code, error_message: errorMessage },
  };
}

async function reload(
  catalog: ReloadableCatalog,
  { config, metric_names: names }: ReloadRequest,
  counter: CounterReader,
): Promise<object> {
  if (!config?.model_config_list) {
    throw invalidArgument(
      'ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported',
    );
  }
  const before = names.map(counter);
  await catalog.reload(modelServerConfigOf(config));
  const metric = names.map((name, i) => ({
    name,
    int64_value_increase: String(counter(name) - (before[i] ?? 0n)),
  }));
  return { status: { error_code: 0, error_message: '' }, metric };
}
