import grpc from '@grpc/grpc-js';
import type { Random } from '../../../easyrec/input/random.js';
import type { Arsenal } from './campaign.js';
import type { BytesClient, GrpcAsk } from './grpc_client.js';
import { messageProblem } from './rest_answers.js';

/** A call and the codes that it may be answered with. */
export interface GrpcExchange extends GrpcAsk {
  readonly codes: readonly Code[];
}

/** By name, as in the answers of the servers. */
export type Code = keyof typeof grpc.status;

/**
 * Attacks of a kind.
 * @param internal Words that the protocol's original answers as INTERNAL, too.
 */
export function grpcArsenal(
  client: BytesClient,
  title: string,
  make: (random: Random) => GrpcExchange,
  internal = /(?!)/,
): Arsenal {
  return (random) => {
    const { codes, ...call } = make(random);
    const send = async (): Promise<string | undefined> => {
      const { code, details } = await client.ask(call);
      const isOriginal =
        code === grpc.status.INTERNAL && (NO_MESSAGE.test(details) || internal.test(details));
      const name = grpc.status[code] as Code;
      const problem = isOriginal || codes.includes(name) ? messageProblem(details) : `${name}: ${details}`;
      return (
        problem &&
        `${problem}; sent ${call.path} ${Buffer.from(call.message).subarray(0, 150).toString('hex')} (${call.message.length})`
      );
    };
    return { title: `gRPC, ${title}`, send };
  };
}

/** gRPC answers bytes that are no message with INTERNAL, in this project as in other languages. */
const NO_MESSAGE = /^(Failed to parse \w+: |Error deserializing request)/;
