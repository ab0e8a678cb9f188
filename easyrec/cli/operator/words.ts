import { UserError } from '../../errors.js';

/**
 * The one word that a command takes beside its flags.
 * @throws UserError when there are others, or none and no default.
 */
export function oneWord(command: string, what: string, words: readonly string[], standard?: string): string {
  const [word = standard, ...rest] = words;
  if (word !== undefined && rest.length === 0) return word;
  const received = words.length === 0 ? 'nothing' : words.map((text) => `"${text}"`).join(' ');
  throw new UserError(`${command}: expected ${what}, received ${received}`);
}
