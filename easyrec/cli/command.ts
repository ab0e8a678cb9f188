import type { Log } from '../log.js';

/** What a command is given besides its arguments. */
export interface CommandContext {
  readonly log: Log;
  /** Results go here; everything else goes to the log. */
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by the first Ctrl-C or SIGTERM: the command ends in good order. */
  readonly signal: AbortSignal;
}

/** A command: reads its arguments, does its work, returns the exit code. */
export type Command = (argv: readonly string[], context: CommandContext) => Promise<number>;

/** What `CommandContext.signal` is aborted with. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** As shells count: 128 and the signal's number. */
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signal}`);
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}
