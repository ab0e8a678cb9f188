import { type FileHandle, open } from 'node:fs/promises';

const BLOCK_BYTES = 1 << 20;

/** A file that is written front to back in blocks of 1 MiB, one of which is on its way to the disk at a time. */
export class BlockFile implements AsyncDisposable {
  private block = Buffer.allocUnsafe(BLOCK_BYTES);
  private spare = Buffer.allocUnsafe(BLOCK_BYTES);
  private filled = 0;
  private writing: Promise<void> = Promise.resolve();

  private constructor(private readonly handle: FileHandle) {}

  /** Makes a file that is not there yet. */
  static async create(path: string): Promise<BlockFile> {
    return new BlockFile(await open(path, 'wx'));
  }

  /** Appends bytes, which may be changed afterwards. Resolves when there is room for more. */
  async write(bytes: Uint8Array): Promise<void> {
    let from = 0;
    while (from < bytes.length) {
      const part = bytes.subarray(from, from + BLOCK_BYTES - this.filled);
      this.block.set(part, this.filled);
      this.filled += part.length;
      from += part.length;
      if (this.filled === BLOCK_BYTES) await this.flush();
    }
  }

  /** Writes what is left, and all of it to the disk. */
  async finish(): Promise<void> {
    await this.flush();
    await this.writing;
    await this.handle.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.writing.catch(() => undefined);
    await this.handle.close();
  }

  /** Hands the block over, once the one before is written. */
  private async flush(): Promise<void> {
    await this.writing;
    const bytes = this.block.subarray(0, this.filled);
    this.writing = writeAll(this.handle, bytes);
    // The next flush, or the end, reports it.
    this.writing.catch(() => undefined);
    [this.block, this.spare] = [this.spare, this.block];
    this.filled = 0;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.length;) {
    from += (await handle.write(bytes, from, bytes.length - from)).bytesWritten;
  }
}
