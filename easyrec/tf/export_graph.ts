import { readBuffer } from './buffer.js';
import type { Graph, Operation } from './graph.js';
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
const LIBRARY = { function: 1 };
const FUNCTION = { signature: 1, node: 3 };
const OP = { name: 1, attr: 4 };
const ATTR = { name: 1, defaultValue: 3 };
const ENTRY = { key: 1, value: 2 };

// What placed a node or described it in this process only.
const DROPPED_ATTRS = new Set(['_class', '_output_shapes']);

/**
 * The part of a graph that `roots` need, to be read by other versions of TensorFlow on other machines: without
 * attributes that have their default (an older version may not know them) and without devices.
 */
export function exportGraph(graph: Graph, roots: readonly Operation[]): ExportedGraph {
  const fields = wireFields(graph.toGraphDefBytes());
  const nodes = fields.filter(({ number }) => number === GRAPH.node).map(({ content }) => parseNode(content));
  const kept = reachable(nodes, roots);
  const opDefs = new OpDefBytes(graph);
  const nodeFields = nodes
    .filter(({ name }) => kept.has(name))
    .map((node) => encodeField(GRAPH.node, stripNode(node, opDefs)));
  const others = fields.map((field) => {
    if (field.number === GRAPH.node) return new Uint8Array(0);
    return field.number === GRAPH.library
      ? encodeField(GRAPH.library, stripLibrary(field.content, opDefs))
      : field.raw;
  });
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

/** The names of all nodes that `roots` depend on, by data or by control. */
function reachable(nodes: readonly WireNode[], roots: readonly Operation[]): Set<string> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const kept = new Set<string>();
  const pending = roots.map(({ name }) => name);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (kept.has(name)) continue;
    kept.add(name);
    for (const input of byName.get(name)?.inputs ?? []) {
      pending.push(input.replace(/^\^/, '').replace(/:\d+$/, ''));
    }
  }
  return kept;
}

function stripNode(node: WireNode, opDefs: OpDefBytes): Uint8Array {
  const defaults = opDefs.defaults(node.op);
  const attrs: { key: string; raw: Uint8Array }[] = [];
  const rest: Uint8Array[] = [];
  for (const field of node.fields) {
    if (field.number === NODE.device) continue;
    if (field.number !== NODE.attr) {
      rest.push(field.raw);
      continue;
    }
    const entry = wireFields(field.content);
    const key = wireText(entry, ENTRY.key);
    const standard = defaults.get(key);
    const value = wireField(entry, ENTRY.value) ?? new Uint8Array(0);
    if (DROPPED_ATTRS.has(key) || (standard !== undefined && Buffer.compare(standard, value) === 0)) continue;
    attrs.push({ key, raw: field.raw });
  }
  // Maps have no order of their own; with one, the same graph is the same file.
  attrs.sort((a, b) => (a.key < b.key ? -1 : 1));
  return Buffer.concat([...rest, ...attrs.map(({ raw }) => raw)]);
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
      const bytes = readBuffer((buffer) =>
        withStatus((status) => native().TF_GraphGetOpDef(this.#graph.handle, op, buffer, status)),
      );
      this.#used.set(op, bytes);
      defaults = readDefaults(bytes);
      this.#defaults.set(op, defaults);
    }
    return defaults;
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
