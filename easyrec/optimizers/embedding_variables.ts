/** Whether a variable is an embedding table of a feature, by its name: EasyRec's own test. */
export function isEmbeddingTable({ name }: { readonly name: string }): boolean {
  return name.endsWith('embedding_weights');
}
