import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import koffi from 'koffi';

const STDERR = 2;
// <sys/mman.h>, <fcntl.h> of Linux: processes that are started meanwhile are not to get the file.
const MFD_CLOEXEC = 1;
const F_DUPFD_CLOEXEC = 1030;

/** What libtensorflow says as it is loaded, since 2.17 whatever TF_CPP_MIN_LOG_LEVEL allows. */
const STARTUP_LINES = [/absl::InitializeLog\(\)/, /oneDNN custom operations are on/];

type Fcntl = (fd: number, command: number, least: number) => number;
type Dup2 = (from: number, to: number) => number;
type MemfdCreate = (name: string, flags: number) => number;

/**
 * Standard error of this process, held back while libtensorflow is loaded, so that what it says of itself then can be
 * left out. All else is written when that is over, or when the process ends before.
 */
export class HeldMessages {
  readonly #saved: number;
  readonly #held: number;
  readonly #dup2: Dup2;
  readonly #onExit = (): void => this.#write();
  readonly #onCrash = (): void => this.release();
  #released = false;

  private constructor(saved: number, held: number, dup2: Dup2) {
    this.#saved = saved;
    this.#held = held;
    this.#dup2 = dup2;
    process.once('exit', this.#onExit);
    // What Node says of an error comes after that event.
    process.once('uncaughtExceptionMonitor', this.#onCrash);
  }

  /** Null where everything is to be seen, and where the system cannot hold back. */
  static hold(): HeldMessages | null {
    if (Number(process.env['TF_CPP_MIN_LOG_LEVEL'] ?? 0) < 2) return null;
    const libc = koffi.load(null);
    let memfdCreate: MemfdCreate;
    try {
      memfdCreate = libc.func('int memfd_create(const char *name, unsigned int flags)') as MemfdCreate;
    } catch {
      return null;
    }
    const fcntl = libc.func('int fcntl(int fd, int command, int least)') as Fcntl;
    const dup2 = libc.func('int dup2(int from, int to)') as Dup2;
    const held = memfdCreate('stderr', MFD_CLOEXEC);
    const saved = held < 0 ? -1 : fcntl(STDERR, F_DUPFD_CLOEXEC, 0);
    if (saved < 0) {
      if (held >= 0) closeSync(held);
      return null;
    }
    dup2(held, STDERR);
    return new HeldMessages(saved, held, dup2);
  }

  /** Gives standard error back and writes what was held; calling it again does nothing. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    process.removeListener('exit', this.#onExit);
    process.removeListener('uncaughtExceptionMonitor', this.#onCrash);
    this.#dup2(this.#saved, STDERR);
    this.#write();
    closeSync(this.#saved);
    closeSync(this.#held);
  }

  // A process that ends while libtensorflow is still being loaded must not get standard error back: that goes on.
  #write(): void {
    const bytes = Buffer.alloc(fstatSync(this.#held).size);
    readSync(this.#held, bytes, 0, bytes.length, 0);
    const lines = bytes.toString().split(/(?<=\n)/);
    const kept = lines.filter((line) => !STARTUP_LINES.some((pattern) => pattern.test(line))).join('');
    if (kept !== '') writeSync(this.#saved, kept);
  }
}
