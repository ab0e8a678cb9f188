import { open, type FileHandle } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { DataError } from '../errors.js';

/** The bytes of one file in order, unpacked where the file is gzip. */
export interface ByteSource {
  /** About how many bytes of the file, as it lies on disk, have been given so far. */
  readonly consumedBytes: number;
  /** Fills the front of `target`; resolves to the number of bytes, 0 at the end. */
  read(target: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

function describe(path: string, error: unknown): DataError {
  return unreadable(path, error instanceof Error ? error.message : String(error), error);
}

/** Why a file cannot be read: what the system or the unpacker says. */
export function unreadable(path: string, reason: string, cause?: unknown): DataError {
  return new DataError(`cannot read: ${reason}`, { at: { file: path }, cause });
}

/** Why a file is not read that is named as if it were gzip. */
export function notGzip(path: string): DataError {
  return new DataError('expected gzip, as its name says, received something else', { at: { file: path } });
}

class PlainSource implements ByteSource {
  private position = 0;

  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  get consumedBytes(): number {
    return this.position;
  }

  async read(target: Uint8Array): Promise<number> {
    try {
      const { bytesRead } = await this.handle.read(target, 0, target.length, this.position);
      this.position += bytesRead;
      return bytesRead;
    } catch (error) {
      throw describe(this.path, error);
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

class GzipSource implements ByteSource {
  private readonly chunks: AsyncIterator<Buffer>;
  private readonly closeStreams: () => void;
  private readonly packedBytes: () => number;
  /** Unpacked bytes received and given. */
  private received = 0;
  private given = 0;
  private rest: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly path: string,
    handle: FileHandle,
  ) {
    const packed = handle.createReadStream({ start: 0, highWaterMark: 1 << 18 });
    const unpacked = createGunzip({ chunkSize: 1 << 18 });
    packed.on('error', (error) => unpacked.destroy(error));
    packed.pipe(unpacked);
    this.chunks = (unpacked as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    this.packedBytes = () => unpacked.bytesWritten;
    this.closeStreams = () => {
      packed.destroy();
      unpacked.destroy();
    };
  }

  get consumedBytes(): number {
    return this.received === 0 ? 0 : (this.packedBytes() * this.given) / this.received;
  }

  async read(target: Uint8Array): Promise<number> {
    while (this.rest.length === 0) {
      const result = await this.chunks.next().catch((error: unknown) => {
        throw describe(this.path, error);
      });
      if (result.done === true) return 0;
      this.rest = result.value;
      this.received += this.rest.length;
    }
    const count = Math.min(target.length, this.rest.length);
    target.set(this.rest.subarray(0, count));
    this.rest = this.rest.subarray(count);
    this.given += count;
    return count;
  }

  close(): Promise<void> {
    this.closeStreams();
    return Promise.resolve();
  }
}

/**
 * Opens a file. Whether it is gzip is told by its first bytes, file by file (EasyRec goes by the first file's name).
 * @throws DataError when the file cannot be opened, or is named .gz and is not gzip.
 */
export async function openByteSource(path: string): Promise<ByteSource> {
  const handle = await open(path).catch((error: unknown) => {
    throw describe(path, error);
  });
  try {
    const magic = new Uint8Array(2);
    const { bytesRead } = await handle.read(magic, 0, 2, 0);
    // No UTF-8 text begins like this: 0x8b is a continuation byte.
    if (bytesRead === 2 && magic[0] === 0x1f && magic[1] === 0x8b) return new GzipSource(path, handle);
    if (path.endsWith('.gz') && bytesRead > 0) {
      throw notGzip(path);
    }
    return new PlainSource(path, handle);
  } catch (error) {
    await handle.close();
    throw error instanceof DataError ? error : describe(path, error);
  }
}
