import { MAX_MESSAGE_BYTES } from './protocol.js';

/** What frames between the gateway and a worker say; runners/python_runner.py has the same numbers. */
export const FRAME_KINDS = {
  /** To a worker: answer this input. */
  call: 1,
  /** To a worker: what its mesh call came to; a first byte of 0 stands for a result, 1 for an error's text. */
  meshReply: 2,
  /** From a worker: its handler is loaded. */
  ready: 10,
  /** From a worker: its handler cannot be loaded, and why. */
  loadError: 11,
  /** From a worker: the text that the handler returned. */
  result: 12,
  /** From a worker: the text of what the handler threw. */
  failure: 13,
  /** From a worker: call another function, whose name stands in front with its length in 2 bytes. */
  meshCall: 14,
} as const;

/** One message between the gateway and a worker. */
export interface Frame {
  readonly kind: number;
  /** Which call it belongs to. */
  readonly id: number;
  readonly payload: Buffer;
}

const HEAD_BYTES = 9;
/** Room for the name in front of a mesh call's input. */
const MAX_PAYLOAD_BYTES = MAX_MESSAGE_BYTES + 1024;

/** What goes in front of a payload: the length of all that follows (u32, big-endian), kind (u8), id (u32). */
export function frameHead(kind: number, id: number, payloadBytes: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt32BE(payloadBytes + HEAD_BYTES - 4, 0);
  head.writeUInt8(kind, 4);
  head.writeUInt32BE(id, 5);
  return head;
}

/** What a mesh call is about. */
export interface MeshCall {
  /** Of the function that is to be called. */
  readonly name: string;
  readonly input: Buffer;
}

const NAME_LENGTH_BYTES = 2;

/** The payload of a mesh call. */
export function encodeMeshCall(name: string, input: Uint8Array): Buffer {
  const encoded = Buffer.from(name);
  const length = Buffer.alloc(NAME_LENGTH_BYTES);
  length.writeUInt16BE(encoded.length);
  return Buffer.concat([length, encoded, input]);
}

/**
 * Reads what `encodeMeshCall` has made.
 * @throws Error when the payload is too short for that.
 */
export function decodeMeshCall(payload: Buffer): MeshCall {
  const begin = NAME_LENGTH_BYTES;
  const end = begin + (payload.length < begin ? 0 : payload.readUInt16BE(0));
  if (payload.length < end) throw new Error(`expected a function's name, received ${payload.length} bytes`);
  return { name: payload.toString('utf8', begin, end), input: payload.subarray(end) };
}

/** Puts frames together from the pieces in which a stream delivers them. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #wanted = HEAD_BYTES;
  #head: { readonly kind: number; readonly id: number } | undefined;

  /**
   * Takes a piece and returns the frames that are complete with it.
   * @throws Error when what came is no frame: then nothing that follows can be read either.
   */
  push(chunk: Buffer): readonly Frame[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const frames: Frame[] = [];
    while (this.#bytes >= this.#wanted) {
      const piece = this.#take(this.#wanted);
      if (this.#head === undefined) this.#readHead(piece);
      else {
        frames.push({ ...this.#head, payload: piece });
        this.#head = undefined;
        this.#wanted = HEAD_BYTES;
      }
    }
    return frames;
  }

  #readHead(head: Buffer): void {
    const payloadBytes = head.readUInt32BE(0) - (HEAD_BYTES - 4);
    if (payloadBytes < 0 || payloadBytes > MAX_PAYLOAD_BYTES) {
      throw new Error(`expected a frame, received one of ${payloadBytes} bytes`);
    }
    this.#head = { kind: head.readUInt8(4), id: head.readUInt32BE(5) };
    this.#wanted = payloadBytes;
  }

  #take(bytes: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    if (all === undefined) return Buffer.alloc(0);
    this.#bytes = all.length - bytes;
    this.#chunks = this.#bytes === 0 ? [] : [all.subarray(bytes)];
    return all.subarray(0, bytes);
  }
}
