import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { packageFile } from '../package_files.js';

/** TensorFlow's messages as plain objects; absent fields are left out, int64 are numbers, enums their names. */
export interface TensorShapeProto {
  readonly dim?: readonly { readonly size?: number; readonly name?: string }[];
  readonly unknown_rank?: boolean;
}

/** The value of an attribute; exactly one field is set. */
export interface AttrValueProto {
  readonly s?: Uint8Array;
  readonly i?: number;
  readonly f?: number;
  readonly b?: boolean;
  readonly type?: number;
  readonly shape?: TensorShapeProto;
  readonly tensor?: Uint8Array;
  readonly func?: { readonly name?: string; readonly attr?: Readonly<Record<string, AttrValueProto>> };
  readonly placeholder?: string;
  readonly list?: {
    readonly s?: readonly Uint8Array[];
    readonly i?: readonly number[];
    readonly f?: readonly number[];
    readonly b?: readonly boolean[];
    readonly type?: readonly number[];
    readonly shape?: readonly TensorShapeProto[];
  };
}

/** An input or output of an op. */
export interface ArgDef {
  readonly name: string;
  readonly type?: number;
  readonly type_attr?: string;
  readonly number_attr?: string;
  readonly type_list_attr?: string;
}

/** An attribute of an op. */
export interface AttrDef {
  readonly name: string;
  readonly type: string;
  readonly default_value?: AttrValueProto;
  readonly allowed_values?: AttrValueProto;
}

/** An op: its inputs, outputs and attributes. */
export interface OpDef {
  readonly name: string;
  readonly input_arg?: readonly ArgDef[];
  readonly output_arg?: readonly ArgDef[];
  readonly attr?: readonly AttrDef[];
  readonly is_stateful?: boolean;
}

/** A node of a graph. */
export interface NodeDef {
  name: string;
  op: string;
  input?: string[];
  device?: string;
  attr?: Record<string, AttrValueProto>;
}

/** A graph. */
export interface GraphDef {
  node?: NodeDef[];
  versions?: { readonly producer?: number; readonly min_consumer?: number };
  library?: { readonly function?: readonly { readonly signature?: OpDef; readonly node_def?: NodeDef[] }[] };
}

/** A tensor that a signature names; one of `name`, `coo_sparse` and `composite_tensor` is set. */
export interface TensorInfo {
  readonly name?: string;
  /** The parts of a sparse tensor. */
  readonly coo_sparse?: {
    readonly values_tensor_name?: string;
    readonly indices_tensor_name?: string;
    readonly dense_shape_tensor_name?: string;
  };
  /** A CompositeTensor message, not decoded: a ragged tensor, or another one of several parts. */
  readonly composite_tensor?: Uint8Array;
  readonly dtype?: number;
  readonly tensor_shape?: TensorShapeProto;
}

/** What a model takes and gives. */
export interface SignatureDef {
  readonly inputs?: Readonly<Record<string, TensorInfo>>;
  readonly outputs?: Readonly<Record<string, TensorInfo>>;
  readonly method_name?: string;
  /** TensorProto messages, not decoded: what an input is where a request leaves it out. */
  readonly defaults?: Readonly<Record<string, Uint8Array>>;
}

/** A graph with its signatures and assets. */
export interface MetaGraphDef {
  readonly meta_info_def?: {
    readonly meta_graph_version?: string;
    readonly stripped_op_list?: { readonly op?: readonly OpDef[] };
    readonly tags?: readonly string[];
    readonly tensorflow_version?: string;
    readonly stripped_default_attrs?: boolean;
  };
  readonly graph_def?: GraphDef;
  readonly saver_def?: Readonly<Record<string, string | number | boolean>>;
  readonly collection_def?: Readonly<Record<string, object>>;
  readonly signature_def?: Readonly<Record<string, SignatureDef>>;
  readonly asset_file_def?: readonly { readonly tensor_info?: TensorInfo; readonly filename?: string }[];
}

/** The content of saved_model.pb. */
export interface SavedModelProto {
  readonly saved_model_schema_version?: number;
  readonly meta_graphs?: readonly MetaGraphDef[];
}

/** What a run reports besides tensors. */
export interface RunMetadata {
  readonly step_stats?: {
    readonly dev_stats?: readonly {
      readonly device?: string;
      readonly node_stats?: readonly {
        readonly node_name?: string;
        readonly all_start_micros?: number;
        readonly op_start_rel_micros?: number;
        readonly op_end_rel_micros?: number;
        readonly all_end_rel_micros?: number;
        /** `node = OpType(inputs)` */
        readonly timeline_label?: string;
        readonly thread_id?: number;
        readonly op_start_rel_nanos?: number;
        readonly op_end_rel_nanos?: number;
      }[];
    }[];
  };
}

type Toggle = 'DEFAULT' | 'ON' | 'OFF' | 'AGGRESSIVE';

/** How a session runs: threads, graph optimizers, devices. */
export interface ConfigProto {
  readonly device_count?: Readonly<Record<string, number>>;
  readonly intra_op_parallelism_threads?: number;
  readonly inter_op_parallelism_threads?: number;
  readonly use_per_session_threads?: boolean;
  readonly allow_soft_placement?: boolean;
  readonly operation_timeout_in_ms?: number;
  readonly gpu_options?: {
    readonly allow_growth?: boolean;
    readonly visible_device_list?: string;
    readonly per_process_gpu_memory_fraction?: number;
  };
  readonly graph_options?: {
    readonly rewrite_options?: {
      readonly disable_meta_optimizer?: boolean;
      readonly constant_folding?: Toggle;
      readonly arithmetic_optimization?: Toggle;
      readonly dependency_optimization?: Toggle;
      readonly function_optimization?: Toggle;
      readonly remapping?: Toggle;
      readonly layout_optimizer?: Toggle;
    };
  };
}

export interface RunOptions {
  readonly trace_level?: 'NO_TRACE' | 'FULL_TRACE';
  readonly timeout_in_ms?: number;
}

/** A part of a tensor; an extent without a length is all of its dimension. */
export interface TensorSliceProto {
  readonly extent?: readonly { readonly start?: number; readonly length?: number }[];
}

/** The first entry of a checkpoint's index. */
export interface BundleHeaderProto {
  readonly num_shards?: number;
  readonly endianness?: string;
  readonly version?: { readonly producer?: number; readonly min_consumer?: number };
}

/** A tensor in a checkpoint's index: where its bytes are, or which slices it is stored in. */
export interface BundleEntryProto {
  readonly dtype?: number;
  readonly shape?: TensorShapeProto;
  readonly shard_id?: number;
  readonly offset?: number;
  readonly size?: number;
  /** Masked. */
  readonly crc32c?: number;
  readonly slices?: readonly TensorSliceProto[];
}

/** The messages that can be encoded and decoded, and their TypeScript forms. */
export interface Messages {
  OpDef: OpDef;
  OpList: { readonly op?: readonly OpDef[] };
  AttrValue: AttrValueProto;
  GraphDef: GraphDef;
  SignatureDef: SignatureDef;
  MetaGraphDef: MetaGraphDef;
  SavedModel: SavedModelProto;
  ConfigProto: ConfigProto;
  RunOptions: RunOptions;
  RunMetadata: RunMetadata;
  BundleHeaderProto: BundleHeaderProto;
  BundleEntryProto: BundleEntryProto;
  VariableDef: Readonly<Record<string, string | boolean>>;
}

let root: protobuf.Root | undefined;

function messageType(name: string): protobuf.Type {
  root ??= protobuf.parse(readFileSync(packageFile('easyrec/tf/protos/tensorflow.proto'), 'utf8'), {
    keepCase: true,
  }).root;
  return root.lookupType(`tensorflow.${name}`);
}

/** tensorflow.ConfigProto, for those who read it in another form than that of the wire. */
export function configProtoType(): protobuf.Type {
  return messageType('ConfigProto');
}

/** The wire form of a message. */
export function encodeMessage<Name extends keyof Messages>(name: Name, message: Messages[Name]): Uint8Array {
  const type = messageType(name);
  return type.encode(type.fromObject(message)).finish();
}

/**
 * A message from its wire form.
 *
 * @throws Error when the bytes are not such a message.
 */
export function decodeMessage<Name extends keyof Messages>(name: Name, bytes: Uint8Array): Messages[Name] {
  const type = messageType(name);
  return type.toObject(type.decode(bytes), { longs: Number, enums: String }) as Messages[Name];
}
