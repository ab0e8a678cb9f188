import { createSecureContext } from 'node:tls';
import grpc from '@grpc/grpc-js';
import { UserError } from '../../errors.js';
import { readTextProto } from '../text_proto.js';
import { readProtoFile } from './proto_file.js';

const PROTO_PATH = 'easyrec/serving/grpc/protos/ssl_config.proto';

/**
 * What a gRPC server needs for TLS, from a file that holds an SSLConfig in protobuf's text format
 * (`--ssl_config_file`): `server_key` and `server_cert` are PEM texts; with `client_verify`, clients need a
 * certificate, too, signed by `custom_ca`.
 * @throws UserError when the file cannot be read, is no such config, or its keys do not go together.
 */
export function readSslConfig(file: string): grpc.ServerCredentials {
  const { root } = readProtoFile(PROTO_PATH);
  const config = readTextProto(root.lookupType('tensorflow.serving.SSLConfig'), file);
  const { server_key: key, server_cert: certificate, custom_ca: ca } = config;
  if (typeof key !== 'string' || typeof certificate !== 'string') {
    throw new UserError(
      `${file}: expected server_key and server_cert, the texts of a PEM key and certificate, received ${
        Object.keys(config).join(', ') || 'neither'
      }`,
    );
  }
  const authority = typeof ca === 'string' && ca !== '' ? Buffer.from(ca) : null;
  try {
    createSecureContext({ key, cert: certificate, ...(authority && { ca: authority }) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`${file}: the key and certificates cannot be used: ${reason}`, { cause });
  }
  return grpc.ServerCredentials.createSsl(
    authority,
    [{ private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) }],
    config.client_verify === true,
  );
}
