import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import protobuf from 'protobufjs';
import { packageFile } from '../../package_files.js';

/** A .proto file in memory: what it is called on the wire, and what it defines. */
export interface ProtoFile {
  /** As in its FileDescriptorProto, such as `rpc.proto`. */
  readonly name: string;
  /** Holds what the file defines, and the files that it imports. */
  readonly root: protobuf.Root;
  readonly package: string;
  /** Names of the files that it imports. */
  readonly imports: readonly string[];
  /** Names of what it defines, without the package; what lies within messages is not counted. */
  readonly definitions: ReadonlySet<string>;
}

/** The text of a .proto file and the name that others import it by. */
export interface ProtoSource {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads the text of a .proto file that imports no other.
 * @throws Error when it is no such text.
 */
export function parseProto(name: string, text: string): ProtoFile {
  const [file] = parseProtos([{ name, text }]);
  if (file === undefined) throw new Error('no file');
  return file;
}

/**
 * Reads one of the package's own .proto files, which imports no other.
 * @param path Below the package's folder, such as `easyrec/serving/protos/monitoring_config.proto`.
 * @param name What the file is called on the wire. Default: the last part of its path.
 */
export function readProtoFile(path: string, name = posix.basename(path)): ProtoFile {
  return parseProto(name, readFileSync(packageFile(path), 'utf8'));
}

/**
 * Reads .proto files that import each other.
 * @throws Error when one is no such text, or names what none of them defines.
 */
export function parseProtos(sources: readonly ProtoSource[]): readonly ProtoFile[] {
  const root = new protobuf.Root();
  const files = sources.map(({ name, text }) => {
    const parsed = protobuf.parse(text, root, { keepCase: true });
    const alone = protobuf.parse(text, new protobuf.Root(), { keepCase: true }).root;
    const scope = parsed.package === undefined ? alone : alone.lookup(parsed.package);
    const nested = scope instanceof protobuf.Namespace ? scope.nestedArray : [];
    const definitions = new Set(nested.map((each) => each.name));
    return { name, root, package: parsed.package ?? '', imports: parsed.imports ?? [], definitions };
  });
  root.resolveAll();
  return files;
}

/** The full names of the services of a file, without a dot in front. */
export function servicesOf({ root, package: scope, definitions }: ProtoFile): readonly string[] {
  return [...definitions]
    .map((name) => (scope === '' ? name : `${scope}.${name}`))
    .filter((name) => root.lookup(name) instanceof protobuf.Service);
}
