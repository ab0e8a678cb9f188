/**
 * What goes over the channel between the server and a worker: frames of a header, a text of JSON, and bytes. All
 * numbers are in the byte order of the machine, which is the same at both ends.
 */

/** What a frame is about; `run` and its answers bear the number of the call. */
export const FRAME_KINDS = [
  /** Server: load this model; the text is a `LoadOrder`. */
  'load',
  /** Worker: what it is about to do while loading, for whoever has to explain its end. */
  'stage',
  /** Worker: loaded; the text is a `LoadReport`, the bytes are the signatures as a MetaGraphDef. */
  'loaded',
  /** Worker: not loaded; the text is a `Failure`. */
  'failed',
  /** Server: run; the text is a `RunOrder`, the bytes are its tensors. */
  'run',
  /** Worker: the text describes the tensors that are the bytes. */
  'result',
  /** Worker: the call failed; the text is a `Failure`. */
  'error',
  /** Server: are you there? */
  'ping',
  /** Worker: I am. */
  'pong',
] as const;

export type FrameKind = (typeof FRAME_KINDS)[number];

/** A frame that has arrived. */
export interface Frame {
  readonly kind: FrameKind;
  readonly id: number;
  readonly text: string;
  /** Begins at a multiple of 8 of its buffer. */
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 24;
/** Where payloads and tensors begin: no element is wider. */
const ALIGNMENT = 8;
/** Parts of up to so many bytes are copied into one piece, as each further piece costs more than such a copy. */
const COPIED_BYTES = 16 * 1024;
const SCRATCH_BYTES = 64 * 1024;
const MAX_FRAME_BYTES = 2 ** 32;

/** The next multiple of 8. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * A frame as the pieces to write. Large parts are among them as they are, uncopied; each is filled up to a multiple of
 * 8 bytes.
 */
export function encodeFrame(
  kind: FrameKind,
  id: number,
  text: string,
  parts: readonly Uint8Array[] = [],
): Uint8Array[] {
  const textBytes = Buffer.byteLength(text);
  const payloadBytes = parts.reduce((sum, part) => sum + aligned(part.byteLength), 0);
  const small = parts.reduce((sum, part) => sum + (isCopied(part) ? aligned(part.byteLength) : ALIGNMENT), 0);
  const copied = Buffer.allocUnsafe(HEADER_BYTES + aligned(textBytes) + small);
  copied.writeUInt32LE(FRAME_KINDS.indexOf(kind), 0);
  copied.writeUInt32LE(id, 4);
  copied.writeUInt32LE(textBytes, 8);
  const lastBytes = parts.at(-1)?.byteLength ?? 0;
  copied.writeUInt32LE(aligned(lastBytes) - lastBytes, 12);
  copied.writeDoubleLE(payloadBytes, 16);
  copied.write(text, HEADER_BYTES);
  let end = HEADER_BYTES + aligned(textBytes);
  let begin = 0;
  const pieces: Uint8Array[] = [];
  for (const part of parts) {
    const { byteLength } = part;
    if (isCopied(part)) {
      copied.set(part, end);
      end += aligned(byteLength);
      continue;
    }
    pieces.push(copied.subarray(begin, end), part);
    begin = end;
    end += aligned(byteLength) - byteLength;
  }
  if (end > begin) pieces.push(copied.subarray(begin, end));
  return pieces;
}

function isCopied(part: Uint8Array): boolean {
  return part.byteLength <= COPIED_BYTES;
}

/** A frame of which only the beginning has arrived. */
interface Pending {
  readonly header: Header;
  readonly body: Uint8Array;
  filled: number;
}

interface Header {
  readonly kind: FrameKind;
  readonly id: number;
  readonly textBytes: number;
  /** Bytes that the last part was filled up with. */
  readonly padding: number;
  readonly bodyBytes: number;
}

/** Puts frames together from what is read; large ones are read straight into the memory that they stay in. */
export class FrameReader {
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  readonly #onFrame: (frame: Frame) => void;
  #have = 0;
  #pending: Pending | undefined;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /** Where to put the bytes that are read next; never empty. */
  nextBuffer(): Uint8Array {
    const pending = this.#pending;
    return pending === undefined ? this.#scratch.subarray(this.#have) : pending.body.subarray(pending.filled);
  }

  /**
   * So many bytes have been put where `nextBuffer` said.
   * @throws Error when they are no frames.
   */
  received(bytes: number): void {
    const pending = this.#pending;
    if (pending !== undefined) {
      pending.filled += bytes;
      if (pending.filled < pending.body.byteLength) return;
      this.#pending = undefined;
      this.#emit(pending.header, pending.body);
      return;
    }
    this.#have += bytes;
    let begin = 0;
    while (this.#have - begin >= HEADER_BYTES) {
      const header = readHeader(this.#scratch, begin);
      const available = this.#have - begin - HEADER_BYTES;
      if (available < header.bodyBytes && header.bodyBytes + HEADER_BYTES <= SCRATCH_BYTES / 4) break;
      // Not filled with zeros, and not part of a larger buffer.
      const body = new Uint8Array(Buffer.allocUnsafeSlow(header.bodyBytes).buffer);
      const start = begin + HEADER_BYTES;
      const filled = Math.min(available, header.bodyBytes);
      body.set(this.#scratch.subarray(start, start + filled));
      begin = start + filled;
      if (filled < header.bodyBytes) this.#pending = { header, body, filled };
      else this.#emit(header, body);
    }
    if (begin > 0) this.#scratch.copyWithin(0, begin, this.#have);
    this.#have -= begin;
  }

  #emit({ kind, id, textBytes, padding }: Header, body: Uint8Array): void {
    const text = Buffer.from(body.buffer, body.byteOffset, textBytes).toString('utf8');
    this.#onFrame({ kind, id, text, payload: body.subarray(aligned(textBytes), body.byteLength - padding) });
  }
}

function readHeader(bytes: Buffer, at: number): Header {
  const kind = FRAME_KINDS[bytes.readUInt32LE(at)];
  const textBytes = bytes.readUInt32LE(at + 8);
  const padding = bytes.readUInt32LE(at + 12);
  const bodyBytes = aligned(textBytes) + bytes.readDoubleLE(at + 16);
  if (kind === undefined || !(bodyBytes >= padding && bodyBytes <= MAX_FRAME_BYTES)) {
    throw new Error(`channel of a worker: expected a frame, received one of ${bodyBytes} bytes`);
  }
  return { kind, id: bytes.readUInt32LE(at + 4), textBytes, padding, bodyBytes };
}
