import { readBuffer } from './buffer.js';
import type { Graph, Operation } from './graph.js';
import { mergeNodes, nodeOfInput, replaceInputs } from './merge_nodes.js';
import { native } from './native.js';
import { withStatus } from './status.js';
import type { WireField } from './wire.js';
import { encodeField, wireField, wireFields, wireText } from './wire.js';

/** A graph as it goes into a SavedModel. */
export interface ExportedGraph {
  /** An encoded GraphDef. */
  readonly graphDef: Uint8Array;
  /** An encoded OpList: the definitions of all ops that the graph and its functions use, as far as registered. */
  readonly opList: Uint8Array;
}

// Field numbers of GraphDef, NodeDef, FunctionDef and OpDef.
const GRAPH = { node: 1, library: 2 };
const NODE = { name: 1, op: 2, input: 3, device: 4, attr: 5 };
const KNOWN_FIELDS: ReadonlySet<number> = new Set(Object.values(NODE));
const LIBRARY = { function: 1 };
const FUNCTION = { signature: 1, node: 3 };
const OP = { name: 1, inputArg: 2, outputArg: 3, attr: 4, isStateful: 17 };
const ARG = { isRef: 16 };
const ATTR = { name: 1, defaultValue: 3 };
const ENTRY = { key: 1, value: 2 };

// Stateful to TensorFlow, and yet two of them that wait for nothing else and have the same inputs read the same.
const READS = new Set(['ReadVariableOp', 'ResourceGather', 'ResourceGatherNd', 'VariableShape']);
// What such nodes give is not a function of their inputs alone: it is fed, or comes around in a loop.
const NOT_MERGED =
  /^(Placeholder|PlaceholderV2|PlaceholderWithDefault|Enter|Exit|Merge|Switch|NextIteration|LoopCond)$/;

// What placed a node or described it in this process only.
const DROPPED_ATTRS = new Set(['_class', '_output_shapes']);

/**
 * The part of a graph that `roots` need, to be read by other versions of TensorFlow on other machines: without
 * attributes that have their default (an older version may not know them) and without devices. Nodes that compute the
 * same are one, except for roots.
 */
export function exportGraph(graph: Graph, roots: readonly Operation[]): ExportedGraph {
  const fields = wireFields(graph.toGraphDefBytes());
  const nodes = fields.filter(({ number }) => number === GRAPH.node).map(({ content }) => parseNode(content));
  const opDefs = new OpDefBytes(graph);
  const others = fields.map((field) => {
    if (field.number === GRAPH.node) return new Uint8Array(0);
    return field.number === GRAPH.library
      ? encodeField(GRAPH.library, stripLibrary(field.content, opDefs))
      : field.raw;
  });
  const rootNames = roots.map(({ name }) => name);
  const kept = mergeAlike(reachable(nodes, rootNames), rootNames, opDefs);
  const nodeFields = kept.map((node) => encodeField(GRAPH.node, stripNode(node, opDefs)));
  return { graphDef: Buffer.concat([...nodeFields, ...others]), opList: opDefs.list() };
}

interface WireNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly fields: readonly WireField[];
}

function parseNode(bytes: Uint8Array): WireNode {
  const fields = wireFields(bytes);
  const inputs = fields
    .filter(({ number }) => number === NODE.input)
    .map(({ content }) => Buffer.from(content).toString('utf8'));
  return { name: wireText(fields, NODE.name), op: wireText(fields, NODE.op), inputs, fields };
}

/** The nodes that `roots` depend on, by data or by control, in their order. */
function reachable(nodes: readonly WireNode[], roots: readonly string[]): readonly WireNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const kept = new Set<string>();
  const pending = [...roots];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (kept.has(name)) continue;
    kept.add(name);
    pending.push(...(byName.get(name)?.inputs ?? []).map(nodeOfInput));
  }
  return nodes.filter(({ name }) => kept.has(name));
}

/** Leaves out nodes that compute what another one does, which then stands for them. */
function mergeAlike(
  nodes: readonly WireNode[],
  roots: readonly string[],
  opDefs: OpDefBytes,
): readonly WireNode[] {
  const isRoot = new Set(roots);
  const merged = mergeNodes(
    nodes.map((node) => ({
      name: node.name,
      inputs: node.inputs,
      computes: isRoot.has(node.name) || !isMergeable(node, opDefs) ? null : attributesText(node, opDefs),
    })),
  );
  const left = nodes.filter(({ name }) => !merged.has(name));
  return left.map((node) => ({ ...node, inputs: replaceInputs(node.inputs, merged) }));
}

/** Whether what a node gives is a function of its inputs and attributes. */
function isMergeable({ op, inputs }: WireNode, opDefs: OpDefBytes): boolean {
  if (READS.has(op)) return !inputs.some((input) => input.startsWith('^'));
  return !NOT_MERGED.test(op) && opDefs.isPure(op);
}

function attributesText({ op, fields }: WireNode, opDefs: OpDefBytes): string {
  const attrs = Buffer.concat(strippedAttributes(fields, opDefs.defaults(op)));
  return `${op} ${attrs.toString('latin1')}`;
}

function stripNode({ op, inputs, fields }: WireNode, opDefs: OpDefBytes): Uint8Array {
  const rest = fields.filter(({ number }) => number === NODE.name || number === NODE.op);
  const others = fields.filter(({ number }) => !KNOWN_FIELDS.has(number));
  return Buffer.concat([
    ...rest.map(({ raw }) => raw),
    ...inputs.map((input) => encodeField(NODE.input, input)),
    ...others.map(({ raw }) => raw),
    ...strippedAttributes(fields, opDefs.defaults(op)),
  ]);
}

/** A node's attributes that say more than their default, encoded and sorted. */
function strippedAttributes(
  fields: readonly WireField[],
  defaults: ReadonlyMap<string, Uint8Array>,
): readonly Uint8Array[] {
  const attrs: { key: string; raw: Uint8Array }[] = [];
  for (const { number, content, raw } of fields) {
    if (number !== NODE.attr) continue;
    const entry = wireFields(content);
    const key = wireText(entry, ENTRY.key);
    const standard = defaults.get(key);
    const value = wireField(entry, ENTRY.value) ?? new Uint8Array(0);
    if (DROPPED_ATTRS.has(key) || (standard !== undefined && Buffer.compare(standard, value) === 0)) continue;
    attrs.push({ key, raw });
  }
  // Maps have no order of their own; with one, the same graph is the same file.
  attrs.sort((a, b) => (a.key < b.key ? -1 : 1));
  return attrs.map(({ raw }) => raw);
}

function stripLibrary(bytes: Uint8Array, opDefs: OpDefBytes): Uint8Array {
  const functions = wireFields(bytes);
  for (const { number, content } of functions) {
    if (number !== LIBRARY.function) continue;
    const signature = wireField(wireFields(content), FUNCTION.signature) ?? new Uint8Array(0);
    opDefs.exclude(wireText(wireFields(signature), OP.name));
  }
  const parts = functions.map((field) => {
    if (field.number !== LIBRARY.function) return field.raw;
    const body = wireFields(field.content).map((inner) =>
      inner.number === FUNCTION.node
        ? encodeField(FUNCTION.node, stripNode(parseNode(inner.content), opDefs))
        : inner.raw,
    );
    return encodeField(LIBRARY.function, Buffer.concat(body));
  });
  return Buffer.concat(parts);
}

/** Definitions of the ops in use, as encoded by TensorFlow. */
class OpDefBytes {
  readonly #graph: Graph;
  readonly #used = new Map<string, Uint8Array>();
  readonly #defaults = new Map<string, ReadonlyMap<string, Uint8Array>>();
  readonly #functions = new Set<string>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** A graph's function is called by a node whose op is the function's name. */
  exclude(functionName: string): void {
    this.#functions.add(functionName);
  }

  /** The encoded default values of an op's attributes; those without one are left out. */
  defaults(op: string): ReadonlyMap<string, Uint8Array> {
    let defaults = this.#defaults.get(op);
    if (defaults === undefined) {
      defaults = readDefaults(this.#definition(op));
      this.#defaults.set(op, defaults);
    }
    return defaults;
  }

  /** Whether an op has outputs, which are a function of its inputs and attributes, and does nothing else. */
  isPure(op: string): boolean {
    // What a function does, its definition does not say.
    if (this.#functions.has(op)) return false;
    const fields = wireFields(this.#definition(op));
    const args = fields.filter(({ number }) => number === OP.inputArg || number === OP.outputArg);
    // Fields that are false are not encoded.
    const hasReference = args.some(({ content }) =>
      wireFields(content).some(({ number }) => number === ARG.isRef),
    );
    const hasOutputs = args.some(({ number }) => number === OP.outputArg);
    return hasOutputs && !hasReference && !fields.some(({ number }) => number === OP.isStateful);
  }

  #definition(op: string): Uint8Array {
    let bytes = this.#used.get(op);
    if (bytes === undefined) {
      bytes = readBuffer((buffer) =>
        withStatus((status) => native().TF_GraphGetOpDef(this.#graph.handle, op, buffer, status)),
      );
      this.#used.set(op, bytes);
    }
    return bytes;
  }

  list(): Uint8Array {
    const names = [...this.#used.keys()].filter((name) => !this.#functions.has(name)).sort();
    return Buffer.concat(names.map((name) => encodeField(1, this.#used.get(name) ?? '')));
  }
}

function readDefaults(opDef: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const defaults = new Map<string, Uint8Array>();
  for (const { number, content } of wireFields(opDef)) {
    if (number !== OP.attr) continue;
    const attr = wireFields(content);
    const value = wireField(attr, ATTR.defaultValue);
    if (value !== undefined) defaults.set(wireText(attr, ATTR.name), value);
  }
  return defaults;
}
