import { Graph, type Output, Session, writeSavedModel } from '../../easyrec/tf/index.js';

/** What a model takes and gives, by alias. */
export interface PlainSignature {
  readonly inputs: Readonly<Record<string, Output>>;
  readonly outputs: Readonly<Record<string, Output>>;
}

/** Writes a SavedModel without variables, with the one signature `serving_default`. */
export async function writePlainModel(
  directory: string,
  build: (graph: Graph) => PlainSignature,
): Promise<void> {
  using graph = new Graph();
  const { inputs, outputs } = build(graph);
  await using session = Session.create(graph);
  const signature = { inputs: new Map(Object.entries(inputs)), outputs: new Map(Object.entries(outputs)) };
  const signatures = new Map([['serving_default', signature]]);
  await writeSavedModel(directory, { session, variables: [], signatures });
}
