import type { Log } from '../log.js';

/** A log of plain lines on standard error, so that standard output holds results alone. */
export function consoleLog(stream: NodeJS.WriteStream, verbose: boolean): Log {
  const line = (text: string): void => void stream.write(`${text}\n`);
  return {
    info: line,
    warn: (message) => line(`warning: ${message}`),
    debug: (message) => {
      if (verbose) line(message);
    },
  };
}
