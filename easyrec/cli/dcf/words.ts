import { UserError } from '../../errors.js';

/**
 * The one word that a command takes beside its flags.
 * @throws UserError in the original's words when there is none or another one.
 */
export function functionName(command: string, words: readonly string[]): string {
  const [name, ...rest] = words;
  if (name !== undefined && rest.length === 0) return name;
  const received = words.length === 0 ? 'nothing' : words.map((word) => `"${word}"`).join(' ');
  throw new UserError(
    `please provide a name for the function (${command}: expected one, received ${received})`,
  );
}
