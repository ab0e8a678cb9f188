// node scripts/check_capi.mjs [PROTOTYPES] [INCLUDE_FOLDER]   hold the C prototypes in use against TensorFlow's headers
// Every function in use must be in the headers with the same result and parameters; every other function of the core
// headers must stand below with the reason why it is not used. Prints the differences and exits 1 if there are any.
// Defaults: the compiled easyrec/tf/prototypes.ts, and the headers beside the libtensorflow that would be loaded.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { locateLibtensorflow } from '../dist/easyrec/setup/locate.js';

/** Headers whose functions must all be accounted for. */
const CORE_HEADERS = ['c_api.h', 'tf_status.h', 'tf_buffer.h', 'tf_tensor.h', 'tf_tstring.h'];
/** The functions taken from `c_api_experimental.h`, which set-up does not unpack: compared where it is there. */
const EXPERIMENTAL_HEADER = 'c_api_experimental.h';
const EXPERIMENTAL =
  'TF_NewCheckpointReader TF_DeleteCheckpointReader TF_CheckpointReaderHasTensor TF_CheckpointReaderGetVariable ' +
  'TF_CheckpointReaderSize TF_CheckpointReaderGetVariableDataType TF_CheckpointReaderGetVariableShape ' +
  'TF_CheckpointReaderGetVariableNumDims TF_CheckpointReaderGetTensor';

/** Why functions are not bound, by reason. */
const UNBOUND = {
  'attributes are set from AttrValue messages, as op definitions describe them':
    'TF_SetAttrBoolList TF_SetAttrPlaceholder TF_SetAttrShapeList TF_SetAttrStringList TF_SetAttrTensorList ' +
    'TF_SetAttrTensorShapeProto TF_SetAttrTensorShapeProtoList',
  'attributes are read as AttrValue messages':
    'TF_OperationGetAttrBool TF_OperationGetAttrBoolList TF_OperationGetAttrFloat TF_OperationGetAttrFloatList ' +
    'TF_OperationGetAttrInt TF_OperationGetAttrIntList TF_OperationGetAttrMetadata TF_OperationGetAttrName ' +
    'TF_OperationGetAttrNameLength TF_OperationGetAttrShape TF_OperationGetAttrShapeList TF_OperationGetAttrString ' +
    'TF_OperationGetAttrStringList TF_OperationGetAttrTensorList TF_OperationGetAttrTensorShapeProto ' +
    'TF_OperationGetAttrTensorShapeProtoList TF_OperationGetAttrType TF_OperationGetAttrTypeList TF_OperationGetNumAttrs',
  'inputs are read all at once; consumers are never asked for':
    'TF_OperationInput TF_OperationInputListLength TF_OperationInputType TF_OperationOutputListLength ' +
    'TF_OperationOutputConsumers TF_OperationOutputNumConsumers TF_OperationGetControlOutputs ' +
    'TF_OperationNumControlOutputs TF_OperationToNodeDef TF_GraphVersions',
  'imported nodes are found by their names':
    'TF_DeleteImportGraphDefResults TF_GraphImportGraphDefWithResults TF_GraphImportGraphDefWithResultsNoSerialization ' +
    'TF_GraphImportGraphDefWithReturnOutputs TF_ImportGraphDefOptionsAddControlDependency ' +
    'TF_ImportGraphDefOptionsAddInputMapping TF_ImportGraphDefOptionsAddReturnOperation ' +
    'TF_ImportGraphDefOptionsAddReturnOutput TF_ImportGraphDefOptionsNumReturnOperations ' +
    'TF_ImportGraphDefOptionsNumReturnOutputs TF_ImportGraphDefOptionsRemapControlDependency ' +
    'TF_ImportGraphDefOptionsSetDefaultDevice TF_ImportGraphDefOptionsSetUniquifyNames ' +
    'TF_ImportGraphDefOptionsSetUniquifyPrefix TF_ImportGraphDefResultsMissingUnusedInputMappings ' +
    'TF_ImportGraphDefResultsReturnOperations TF_ImportGraphDefResultsReturnOutputs',
  'graphs have no functions and no while loops of their own':
    'TF_AbortWhile TF_AddWhileInputHack TF_FinishWhile TF_NewWhile TF_DeleteFunction TF_FunctionGetAttrValueProto ' +
    'TF_FunctionImportFunctionDef TF_FunctionName TF_FunctionSetAttrValueProto TF_FunctionToFunctionDef ' +
    'TF_GraphCopyFunction TF_GraphGetFunctions TF_GraphNumFunctions TF_GraphToFunction TF_GraphToFunctionWithControlOutputs',
  'nodes are never changed once they are made':
    'TF_AddOperationControlInput TF_ClearAttr TF_ExtendSession TF_GetHandleShapeAndType TF_RemoveAllControlInputs ' +
    'TF_SetAttr TF_SetFullType TF_SetHandleShapeAndType TF_SetRequestedDevice TF_SetRequireShapeInferenceFns TF_UpdateEdge',
  'a graph is built by one thread at a time': 'TF_FinishOperationLocked TF_NewOperationLocked',
  'a step runs at once, not in parts':
    'TF_DeletePRunHandle TF_PRun TF_PRunSetup TF_SessionPRun TF_SessionPRunSetup',
  'deprecated by TensorFlow itself':
    'TF_CloseDeprecatedSession TF_DeleteDeprecatedSession TF_DeprecatedSessionListDevices TF_ExtendGraph ' +
    'TF_NewDeprecatedSession TF_Reset TF_Run',
  "memory of a tensor is always libtensorflow's own, and viewed in place":
    'TF_NewTensor TF_TensorBitcastFrom TF_TensorElementCount TF_TensorFromProto TF_TensorIsAligned ' +
    'TF_TensorDefaultAlignment TF_SetShape',
  'strings are read in place':
    'TF_StringAssignView TF_StringGetCapacity TF_StringGetDataPointer TF_StringGetSize TF_StringGetType',
  'statuses are only read': 'TF_SetStatus TF_SetStatusFromIOError TF_SetPayload TF_ForEachPayload',
  'buffers are read through the struct': 'TF_GetBuffer',
  'op libraries are never unloaded: their kernels cannot be': 'TF_DeleteLibraryHandle',
  'documentation of ops is not shown': 'TF_ApiDefMapGet TF_ApiDefMapPut TF_DeleteApiDefMap TF_NewApiDefMap',
  'kernels are never asked for': 'TF_GetAllRegisteredKernels TF_GetRegisteredKernelsForOp',
  'of a device only its name and type are shown': 'TF_DeviceListIncarnation TF_DeviceListMemoryBytes',
  'servers of a cluster are not started from here yet':
    'TF_DeleteServer TF_NewServer TF_ServerJoin TF_ServerStart TF_ServerStop TF_ServerTarget',
  'constants are read from their nodes': 'TF_TryEvaluateConstant',
  'gradients come from our own rules; tests compare with those of TF_AddGradients':
    'TF_AddGradientsWithPrefix',
  'files are read and written by Node': 'TF_RegisterFilesystemPlugin',
  'errors come through statuses': 'TF_RegisterLogListener',
};

const SCALARS = {
  int: 'int32',
  int64_t: 'int64',
  size_t: 'uint64',
  float: 'float',
  'unsigned char': 'uint8',
  bool: 'uint8',
  void: 'void',
};

/** How a C type is passed: `pointer`, `string` (char pointer), a scalar by its width, `function`, or a struct's name. */
function kindOf(type, enums) {
  if (type.includes('(')) return 'function';
  const plain = type
    .replace(/\bconst\b|\bextern\b|\bstruct\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const array = /\[\d*\]/.test(plain);
  const base = plain
    .replace(/\[\d*\]/g, '')
    .replace(/\*/g, '')
    .trim();
  const depth = (plain.match(/\*/g) ?? []).length + (array ? 1 : 0);
  // A parameter's name, if there is one, is the last word.
  const name = Object.hasOwn(SCALARS, base) ? base : base.replace(/\s+\w+$/, '');
  if (depth > 0) return depth === 1 && name === 'char' ? 'string' : 'pointer';
  return SCALARS[name] ?? (enums.has(name) ? 'int32' : name);
}

/** Splits at commas outside parentheses. */
function splitParameters(text) {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  const parameters = parts.map((part) => part.trim());
  return parameters.length === 1 && (parameters[0] === '' || parameters[0] === 'void') ? [] : parameters;
}

/** `RESULT NAME(PARAMETERS)` as kinds. */
function parse(declaration, enums) {
  const match = /^(.*?)\b(TF_\w+)\s*\(([\s\S]*)\)\s*$/.exec(declaration.trim());
  if (match === null) return null;
  const [, result, name, parameters] = match;
  const kinds = splitParameters(parameters).map((parameter) => kindOf(parameter, enums));
  return { name, result: kindOf(`${result} _`, enums), parameters: kinds };
}

function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/\/\/.*$/gm, ' ');
}

/** All declared functions of a header, by name. */
function declarations(text, enums) {
  const found = new Map();
  for (const [, declaration] of withoutComments(text).matchAll(/^TF_CAPI_EXPORT\s+([^;{]*);/gm)) {
    const parsed = parse(declaration.replace(/\s+/g, ' '), enums);
    if (parsed !== null) found.set(parsed.name, parsed);
  }
  return found;
}

/** Any pointer of the header may be bound as an address; a string only where the header has one. */
function fits(ours, theirs) {
  return ours === theirs || (ours === 'pointer' && theirs === 'string');
}

function show({ result, parameters }) {
  return `${result} (${parameters.join(', ')})`;
}

function differences(prototypes, includeFolder) {
  const folder = join(includeFolder, 'tensorflow/c');
  const read = (header) =>
    existsSync(join(folder, header)) ? readFileSync(join(folder, header), 'utf8') : '';
  const types = [...CORE_HEADERS, EXPERIMENTAL_HEADER, 'tf_datatype.h', 'tf_attrtype.h'].map(read).join('\n');
  const enums = new Set([...types.matchAll(/typedef enum (\w+)/g)].map(([, name]) => name));
  enums.add('TF_Code');
  const core = new Map(CORE_HEADERS.flatMap((header) => [...declarations(read(header), enums)]));
  const others = declarations(read(EXPERIMENTAL_HEADER), enums);
  const experimental = EXPERIMENTAL.split(' ');
  const reasons = new Set(Object.values(UNBOUND).flatMap((names) => names.split(' ')));
  const problems = [];
  if (core.size === 0) problems.push(`${folder}: expected TensorFlow's C headers, found no function in them`);
  for (const [name, prototype] of Object.entries(prototypes)) {
    const ours = parse(prototype, enums);
    const theirs = core.get(name) ?? (experimental.includes(name) ? others.get(name) : undefined);
    if (others.size === 0 && experimental.includes(name)) continue;
    if (ours?.name !== name) problems.push(`${name}: its prototype declares ${ours?.name ?? 'nothing'}`);
    else if (theirs === undefined) problems.push(`${name}: is in none of the headers`);
    else if (
      !fits(ours.result, theirs.result) ||
      ours.parameters.length !== theirs.parameters.length ||
      ours.parameters.some((kind, i) => !fits(kind, theirs.parameters[i]))
    ) {
      problems.push(`${name}: expected ${show(theirs)} as in the header, received ${show(ours)}`);
    }
    if (reasons.has(name)) problems.push(`${name}: is in use, and also listed as not in use`);
  }
  for (const name of core.keys()) {
    if (!Object.hasOwn(prototypes, name) && !reasons.has(name)) {
      problems.push(`${name}: is in the headers, but neither in use nor listed with the reason why not`);
    }
  }
  const notCompared = others.size === 0 ? experimental.filter((name) => Object.hasOwn(prototypes, name)) : [];
  return { problems, functions: core.size, notCompared };
}

const [prototypesFile = join(import.meta.dirname, '../dist/easyrec/tf/prototypes.js'), includeArgument] =
  process.argv.slice(2);
const includeFolder = includeArgument ?? locateLibtensorflow().includeDirectory;
if (includeFolder === undefined) {
  console.error(
    'the libtensorflow in use came without its headers: name their folder as the second argument',
  );
  process.exit(1);
}
const { PROTOTYPES } = await import(pathToFileURL(resolve(prototypesFile)).href);
const { problems, functions, notCompared } = differences(PROTOTYPES, includeFolder);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
const compared = Object.keys(PROTOTYPES).length - notCompared.length;
console.log(`${compared} functions in use agree with ${functions} in ${includeFolder}`);
if (notCompared.length > 0)
  console.log(`without ${EXPERIMENTAL_HEADER}, not compared: ${notCompared.join(', ')}`);
