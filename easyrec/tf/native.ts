import koffi from 'koffi';
import { NativeError } from '../errors.js';
import { locateLibtensorflow } from '../setup/locate.js';
import { PROTOTYPES } from './prototypes.js';
import { HeldMessages } from './startup_messages.js';

/** An address owned by libtensorflow, branded with the C type it points to. */
export type Handle<Type extends string> = bigint & { readonly __pointsTo: Type };

/** TF_Output by value: an operation and the index of one of its outputs. */
export interface NativeOutput {
  readonly oper: Handle<'TF_Operation'>;
  readonly index: number;
}

/** Memory passed by address: a typed array of ours, an address of libtensorflow's, or null. */
export type Memory = ArrayBufferView | bigint | null;

type Status = Handle<'TF_Status'>;
type Graph = Handle<'TF_Graph'>;
type Operation = Handle<'TF_Operation'>;
type Description = Handle<'TF_OperationDescription'>;
type Session = Handle<'TF_Session'>;
type Options = Handle<'TF_SessionOptions'>;
type Tensor = Handle<'TF_Tensor'>;
type Buf = Handle<'TF_Buffer'>;
type Library = Handle<'TF_Library'>;
type ImportOptions = Handle<'TF_ImportGraphDefOptions'>;
type Reader = Handle<'TF_CheckpointReader'>;
type Devices = Handle<'TF_DeviceList'>;

type SessionRunArguments = [
  session: Session,
  runOptions: Memory,
  inputs: Memory,
  inputValues: Memory,
  numInputs: number,
  outputs: Memory,
  outputValues: Memory,
  numOutputs: number,
  targets: Memory,
  numTargets: number,
  runMetadata: Memory,
  status: Status,
];

type SavedModelArguments = [
  options: Options,
  runOptions: Memory,
  exportDir: string,
  tags: readonly string[],
  tagsLen: number,
  graph: Graph,
  metaGraphDef: Buf,
  status: Status,
];

/** A C function that can also be called on a thread of its own. */
export interface NativeFunction<Arguments extends unknown[], Result> {
  (...args: Arguments): Result;
  async(...args: [...Arguments, (error: unknown, result: Result) => void]): void;
}

/**
 * The part of TensorFlow's C API in use, one to one, in the order of its headers.
 * The C prototypes stand in `PROTOTYPES` under the same names; what is left out, and why, in `scripts/check_capi.mjs`.
 */
export interface NativeApi {
  TF_Version(): string;
  // tf_status.h
  TF_NewStatus(): Status;
  TF_DeleteStatus(status: Status): void;
  TF_GetCode(status: Status): number;
  TF_Message(status: Status): string;
  // tf_buffer.h
  TF_NewBuffer(): Buf;
  TF_NewBufferFromString(proto: Memory, length: number): Buf;
  TF_DeleteBuffer(buffer: Buf): void;
  // tf_tensor.h
  TF_AllocateTensor(dtype: number, dims: BigInt64Array, numDims: number, bytes: number): Tensor;
  TF_TensorMaybeMove(tensor: Tensor): Tensor | null;
  TF_DeleteTensor(tensor: Tensor): void;
  TF_TensorType(tensor: Tensor): number;
  TF_NumDims(tensor: Tensor): number;
  TF_Dim(tensor: Tensor, index: number): number;
  TF_TensorByteSize(tensor: Tensor): number;
  TF_TensorData(tensor: Tensor): bigint;
  TF_StringInit(string: bigint): void;
  TF_StringCopy(string: bigint, source: Memory, size: number): void;
  TF_StringDealloc(string: bigint): void;
  // c_api.h: session options and graph
  TF_NewSessionOptions(): Options;
  TF_SetTarget(options: Options, target: string): void;
  TF_SetConfig(options: Options, proto: Memory, length: number, status: Status): void;
  TF_DeleteSessionOptions(options: Options): void;
  TF_NewGraph(): Graph;
  TF_DeleteGraph(graph: Graph): void;
  TF_GraphSetTensorShape(graph: Graph, output: NativeOutput, dims: Memory, numDims: number, s: Status): void;
  TF_GraphGetTensorNumDims(graph: Graph, output: NativeOutput, status: Status): number;
  TF_GraphGetTensorShape(graph: Graph, output: NativeOutput, dims: Memory, numDims: number, s: Status): void;
  TF_NewOperation(graph: Graph, type: string, name: string): Description;
  TF_SetDevice(description: Description, device: string): void;
  TF_AddInput(description: Description, input: NativeOutput): void;
  TF_AddInputList(description: Description, inputs: Memory, numInputs: number): void;
  TF_AddControlInput(description: Description, input: Operation): void;
  TF_ColocateWith(description: Description, operation: Operation): void;
  TF_SetAttrString(description: Description, name: string, value: Memory, length: number): void;
  TF_SetAttrInt(description: Description, name: string, value: bigint): void;
  TF_SetAttrIntList(description: Description, name: string, values: Memory, count: number): void;
  TF_SetAttrFloat(description: Description, name: string, value: number): void;
  TF_SetAttrFloatList(description: Description, name: string, values: Memory, count: number): void;
  TF_SetAttrBool(description: Description, name: string, value: number): void;
  TF_SetAttrType(description: Description, name: string, value: number): void;
  TF_SetAttrTypeList(description: Description, name: string, values: Memory, count: number): void;
  TF_SetAttrFuncName(description: Description, name: string, value: string, length: number): void;
  TF_SetAttrShape(description: Description, name: string, dims: Memory, numDims: number): void;
  TF_SetAttrTensor(description: Description, name: string, value: Tensor, status: Status): void;
  TF_SetAttrValueProto(d: Description, name: string, proto: Memory, length: number, status: Status): void;
  TF_FinishOperation(description: Description, status: Status): Operation;
  TF_OperationName(operation: Operation): string;
  TF_OperationOpType(operation: Operation): string;
  TF_OperationDevice(operation: Operation): string;
  TF_OperationNumOutputs(operation: Operation): number;
  TF_OperationOutputType(output: NativeOutput): number;
  TF_OperationNumInputs(operation: Operation): number;
  TF_OperationAllInputs(operation: Operation, inputs: Memory, max: number): void;
  TF_OperationNumControlInputs(operation: Operation): number;
  TF_OperationGetControlInputs(operation: Operation, inputs: Memory, max: number): number;
  TF_OperationGetAttrTensor(operation: Operation, name: string, value: Memory, status: Status): void;
  TF_OperationGetAttrValueProto(operation: Operation, name: string, value: Buf, status: Status): void;
  TF_GraphOperationByName(graph: Graph, name: string): Operation | null;
  TF_GraphNextOperation(graph: Graph, position: Memory): Operation | null;
  TF_GraphToGraphDef(graph: Graph, graphDef: Buf, status: Status): void;
  TF_GraphGetOpDef(graph: Graph, opName: string, opDef: Buf, status: Status): void;
  TF_NewImportGraphDefOptions(): ImportOptions;
  TF_DeleteImportGraphDefOptions(options: ImportOptions): void;
  TF_ImportGraphDefOptionsSetPrefix(options: ImportOptions, prefix: string): void;
  TF_GraphImportGraphDef(graph: Graph, graphDef: Buf, options: ImportOptions, status: Status): void;
  TF_AddGradients(
    ...args: [graph: Graph, y: Memory, ny: number, x: Memory, nx: number, dx: Memory, s: Status, dy: Memory]
  ): void;
  // c_api.h: sessions
  TF_NewSession(graph: Graph, options: Options, status: Status): Session;
  TF_LoadSessionFromSavedModel: NativeFunction<SavedModelArguments, Session>;
  TF_CloseSession: NativeFunction<[session: Session, status: Status], void>;
  TF_DeleteSession(session: Session, status: Status): void;
  TF_SessionRun: NativeFunction<SessionRunArguments, void>;
  TF_SessionListDevices(session: Session, status: Status): Devices;
  TF_DeviceListCount(list: Devices): number;
  TF_DeviceListName(list: Devices, index: number, status: Status): string;
  TF_DeviceListType(list: Devices, index: number, status: Status): string;
  TF_DeleteDeviceList(list: Devices): void;
  // c_api.h: op libraries and registered ops
  TF_LoadLibrary(path: string, status: Status): Library | null;
  TF_GetOpList(library: Library): { readonly data: bigint | null; readonly length: number };
  TF_GetAllOpList(): Buf;
  // c_api_experimental.h
  TF_NewCheckpointReader(prefix: string, status: Status): Reader;
  TF_DeleteCheckpointReader(reader: Reader): void;
  TF_CheckpointReaderHasTensor(reader: Reader, name: string): number;
  TF_CheckpointReaderGetVariable(reader: Reader, index: number): string;
  TF_CheckpointReaderSize(reader: Reader): number;
  TF_CheckpointReaderGetVariableDataType(reader: Reader, name: string): number;
  TF_CheckpointReaderGetVariableShape(r: Reader, name: string, dims: Memory, n: number, s: Status): void;
  TF_CheckpointReaderGetVariableNumDims(reader: Reader, name: string): number;
  TF_CheckpointReaderGetTensor(reader: Reader, name: string, status: Status): Tensor;
}

/** libtensorflow as loaded into this process. */
export interface LoadedLibrary {
  readonly api: NativeApi;
  /** The folder that holds the library. */
  readonly directory: string;
  /** How it was found, in words for people. */
  readonly source: string;
  /** As the library itself says, such as `2.21.0`. */
  readonly version: string;
}

const RTLD_LAZY = 0x1;
const RTLD_NODELETE = 0x1000;

// A process can hold one libtensorflow: its registries are global and it cannot be unloaded.
let loaded: LoadedLibrary | undefined;

// Of a load under way on a thread of its own.
let held: HeldMessages | null = null;

/**
 * libtensorflow, loaded at the first call (about 0.4 s) from where `locateLibtensorflow` finds it.
 *
 * @throws NativeError when there is none or it cannot be loaded.
 */
export function loadLibtensorflow(): LoadedLibrary {
  loaded ??= open();
  return loaded;
}

/**
 * Begins to load libtensorflow on a thread of its own, so that this one can load what else a program needs;
 * `loadLibtensorflow` then waits for it, and tells of errors.
 */
export function loadLibtensorflowAhead(): void {
  if (loaded !== undefined) return;
  setDefaults();
  let file: string;
  try {
    file = locateLibtensorflow().library;
  } catch (error) {
    // Whoever needs the library is told; help, for one, does not.
    if (error instanceof NativeError) return;
    throw error;
  }
  held = HeldMessages.hold();
  dlopen().async(file, RTLD_LAZY | RTLD_NODELETE, () => held?.release());
}

/** The C API of the loaded library. */
export function native(): NativeApi {
  return loadLibtensorflow().api;
}

function setDefaults(): void {
  // Start-up messages of the library are of no use to anybody; errors still come through TF_Status.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
}

function open(): LoadedLibrary {
  setDefaults();
  const { directory, source, library: file } = locateLibtensorflow();
  held ??= HeldMessages.hold();
  try {
    pin(file);
    const library = koffi.load(file);
    const version = (library.func(PROTOTYPES.TF_Version) as () => string)();
    checkVersion(version, file);
    koffi.struct('TF_Output', { oper: 'void *', index: 'int' });
    koffi.struct('TF_Buffer', { data: 'void *', length: 'size_t', data_deallocator: 'void *' });
    const prototypes: Record<keyof NativeApi, string> = PROTOTYPES;
    const functions = Object.entries(prototypes).map(([name, prototype]) => [name, library.func(prototype)]);
    const api = Object.fromEntries(functions) as NativeApi;
    return { api, directory, source, version };
  } catch (error) {
    if (error instanceof NativeError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new NativeError(`libtensorflow: cannot load ${file} (${source}): ${reason}`, { cause: error });
  } finally {
    held?.release();
  }
}

const OLDEST = { major: 2, minor: 12 };

/**
 * Refuses a libtensorflow that lacks what the toolkit uses; newer ones than are tested may do.
 *
 * @throws NativeError naming the file.
 */
export function checkVersion(version: string, file: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return;
  throw new NativeError(
    `libtensorflow: expected version ${OLDEST.major}.${OLDEST.minor} or later, received ${version} in ${file}; ` +
      'name the folder of another one in EASYREC_LIBTENSORFLOW (easyrec setup fetches one)',
  );
}

/** Keeps a library for the life of the process: koffi closes libraries at exit, and TensorFlow's threads crash then. */
function pin(file: string): void {
  dlopen()(file, RTLD_LAZY | RTLD_NODELETE);
}

function dlopen(): NativeFunction<[file: string, mode: number], bigint | null> {
  const library = koffi.load('libc.so.6');
  return library.func('void *dlopen(const char *file, int mode)') as NativeFunction<
    [string, number],
    bigint | null
  >;
}
