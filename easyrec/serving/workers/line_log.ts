import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

const MAX_LINE = 4096;
const LINES_A_SECOND = 100;

/**
 * Passes a stream on line by line: over-long lines are cut, and of a flood only the first lines of each second are
 * kept, and how many are left out.
 */
export function logLines(stream: Readable, write: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let second = 0;
  let count = 0;
  const tellLeftOut = (): void => {
    if (count > LINES_A_SECOND) write(`(${count - LINES_A_SECOND} more lines left out)`);
    count = 0;
  };
  const line = (text: string): void => {
    if (text === '') return;
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) tellLeftOut();
    second = now;
    count++;
    if (count <= LINES_A_SECOND) write(text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}...` : text);
  };
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    // A line without end is cut here, not kept in memory.
    rest = (lines.pop() ?? '').slice(0, MAX_LINE + 1);
    lines.forEach(line);
  });
  stream.on('error', () => undefined);
  stream.on('close', () => {
    line(rest);
    tellLeftOut();
  });
}
