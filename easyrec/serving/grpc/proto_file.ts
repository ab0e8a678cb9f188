import protobuf from 'protobufjs';

/** A .proto file in memory: what it is called on the wire, and what it defines. */
export interface ProtoFile {
  /** As in its FileDescriptorProto, such as `rpc.proto`. */
  readonly name: string;
  readonly root: protobuf.Root;
}

/**
 * Reads the text of a .proto file that imports no other.
 * @throws Error when it is no such text.
 */
export function parseProto(name: string, text: string): ProtoFile {
  const { root } = protobuf.parse(text, new protobuf.Root(), { keepCase: true });
  root.resolveAll();
  return { name, root };
}

/** The full names of the services of a file, without a dot in front. */
export function servicesOf({ root }: ProtoFile): readonly string[] {
  const found: string[] = [];
  const visit = (node: protobuf.NamespaceBase): void => {
    for (const child of node.nestedArray) {
      if (child instanceof protobuf.Service) found.push(child.fullName.slice(1));
      else if (child instanceof protobuf.Namespace) visit(child);
    }
  };
  visit(root);
  return found;
}
