import { readFileSync } from 'node:fs';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { packageFile } from '../../package_files.js';
import { STATUS_CODES } from '../status.js';
import type { GrpcService } from './grpc_server.js';
import { parseProto, type ProtoFile, servicesOf } from './proto_file.js';
import { serviceDefinition } from './service_definition.js';

/** What a client asks; one of the fields after `host` is set, and `message_request` is its name. */
interface Request {
  readonly host: string;
  readonly message_request?: string;
  readonly file_by_filename: string;
  readonly file_containing_symbol: string;
}

type Answer = Readonly<Record<string, unknown>>;

const VERSIONS = ['v1', 'v1alpha'] as const;

/**
 * gRPC's server reflection, versions v1 and v1alpha, for the services of `files` and for itself: with it grpcurl and
 * the like need no .proto file.
 */
export function reflectionServices(files: readonly ProtoFile[]): readonly GrpcService[] {
  const text = readFileSync(packageFile('easyrec/serving/grpc/protos/reflection.proto'), 'utf8');
  const own = VERSIONS.map((version) =>
    parseProto(
      `grpc/reflection/${version}/reflection.proto`,
      text.replace('package grpc.reflection.v1;', `package grpc.reflection.${version};`),
    ),
  );
  const all = [...files, ...own];
  // Made for the first who asks: most servers are never asked, and all would start later for it.
  let index: DescriptorIndex | undefined;
  return own.map((file, i) => ({
    definition: serviceDefinition(file, `grpc.reflection.${VERSIONS[i] ?? ''}.ServerReflection`),
    implementation: {
      ServerReflectionInfo: (call: ServerDuplexStream<Request, Answer>): void => {
        index ??= new DescriptorIndex(all);
        const known = index;
        call.on('data', (request: Request) => {
          call.write({ valid_host: request.host, original_request: request, ...known.answer(request) });
        });
        call.on('end', () => call.end());
      },
    },
  }));
}

/** Encoded FileDescriptorProtos, by file and by symbol. */
class DescriptorIndex {
  readonly #services: readonly string[];
  readonly #files = new Map<string, Uint8Array>();
  readonly #symbols = new Map<string, Uint8Array>();

  constructor(files: readonly ProtoFile[]) {
    this.#services = files.flatMap(servicesOf).sort();
    for (const file of files) {
      const bytes = encodeFile(file);
      this.#files.set(file.name, bytes);
      for (const symbol of symbolsOf(file)) this.#symbols.set(symbol, bytes);
    }
  }

  answer(request: Request): Answer {
    const { message_request: question = '' } = request;
    if (question === 'list_services') {
      return { list_services_response: { service: this.#services.map((name) => ({ name })) } };
    }
    const name = request.file_by_filename || request.file_containing_symbol;
    if (question === 'file_by_filename') return found(this.#files.get(name), name);
    if (question === 'file_containing_symbol') return found(this.#symbols.get(name), name);
    if (question === '') return problem('INVALID_ARGUMENT', 'invalid MessageRequest');
    return problem('NOT_FOUND', 'not found: proto3 has no extensions');
  }
}

function found(bytes: Uint8Array | undefined, name: string): Answer {
  if (bytes === undefined) return problem('NOT_FOUND', `not found: ${name}`);
  return { file_descriptor_response: { file_descriptor_proto: [bytes] } };
}

function problem(code: 'NOT_FOUND' | 'INVALID_ARGUMENT', text: string): Answer {
  return { error_response: { error_code: STATUS_CODES[code].code, error_message: text } };
}

/** Packages are no symbols; a method's and a field's symbol is its owner's and its name. */
function symbolsOf({ root, package: scope, definitions }: ProtoFile): readonly string[] {
  return [...definitions].flatMap((name) => {
    const definition = root.lookup(`${scope}.${name}`);
    return definition === null ? [] : symbolsIn(definition);
  });
}

function symbolsIn(node: protobuf.ReflectionObject): readonly string[] {
  const name = node.fullName.slice(1);
  if (node instanceof protobuf.Service) {
    return [name, ...node.methodsArray.map((method) => `${name}.${method.name}`)];
  }
  if (node instanceof protobuf.Type) {
    const fields = node.fieldsArray.map((field) => `${name}.${field.name}`);
    return [name, ...fields, ...node.nestedArray.flatMap(symbolsIn)];
  }
  return [name];
}

function encodeFile({ name, root, package: scope, imports, definitions }: ProtoFile): Uint8Array {
  // There is one descriptor for all files of a package together: this file's part of it is taken out.
  const content = root.toDescriptor('proto3').file.find((each) => (each.package ?? '') === scope);
  const own = <Definition extends { readonly name?: string | null }>(
    all: readonly Definition[] | null | undefined,
  ): Definition[] => (all ?? []).filter((each) => definitions.has(each.name ?? ''));
  const types = own(content?.messageType);
  const parent = root.lookup(scope);
  if (parent instanceof protobuf.Namespace) for (const type of types) qualifyNames(type, parent);
  return descriptor.FileDescriptorProto.encode({
    ...content,
    name,
    dependency: [...imports],
    messageType: types,
    enumType: own(content?.enumType),
    service: own(content?.service),
  }).finish();
}

/** Writes the types of fields in full, `.package.Type`: not every client resolves shorter names. */
function qualifyNames(message: descriptor.IDescriptorProto, scope: protobuf.NamespaceBase): void {
  const type = scope.lookupType(message.name ?? '');
  const nestedTypes = message.nestedType ?? [];
  for (const field of message.field ?? []) {
    const own = type.get(field.name ?? '');
    if (own instanceof protobuf.MapField) {
      // A map is a list of messages with a key and a value, which protobufjs does not have as a type of its own, and
      // which it names differently than protoc and clients do.
      const entry = nestedTypes.find((each) => each.name === field.typeName);
      const value = entry?.field?.find((each) => each.name === 'value');
      if (value && own.resolvedType) value.typeName = own.resolvedType.fullName;
      const name = entryName(own.name);
      if (entry) entry.name = name;
      field.typeName = `${type.fullName}.${name}`;
    } else if (own instanceof protobuf.Field && own.resolvedType) {
      field.typeName = own.resolvedType.fullName;
    }
  }
  for (const nested of nestedTypes) {
    if (nested.options?.mapEntry !== true) qualifyNames(nested, type);
  }
}

/** What the entries of a map are called, by the map's field: `model_labels` gives `ModelLabelsEntry`. */
function entryName(field: string): string {
  return `${field.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())}Entry`;
}
