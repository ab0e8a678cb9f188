import { type ExpressionSource, expressionError } from './expression.js';

/** A word, number, string or sign of an expression; `offset` counts characters from its start. */
export interface ExpressionToken {
  readonly kind: 'name' | 'number' | 'string' | 'symbol' | 'end';
  readonly text: string;
  readonly offset: number;
}

const BLANK = /\s*/y;
const TOKEN =
  /(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_]\w*)|(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<symbol>\*\*|\/\/|==|!=|<=|>=|\.\.\.|[-+*/%&|~<>=()[\]{},.:])/y;

/** Splits an expression into tokens; the last one is of kind `end`. */
export function tokenizeExpression(source: ExpressionSource): readonly ExpressionToken[] {
  const { text } = source;
  const tokens: ExpressionToken[] = [];
  for (let offset = 0; ;) {
    BLANK.lastIndex = offset;
    offset += BLANK.exec(text)?.[0].length ?? 0;
    if (offset >= text.length) return [...tokens, { kind: 'end', text: '', offset }];
    TOKEN.lastIndex = offset;
    const groups = TOKEN.exec(text)?.groups;
    const token = (['number', 'name', 'string', 'symbol'] as const).flatMap((kind) => {
      const found = groups?.[kind];
      return found === undefined ? [] : [{ kind, text: found, offset }];
    })[0];
    if (!token) {
      const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
      throw expressionError(
        source,
        offset,
        `unexpected character ${JSON.stringify(character)} in an expression`,
      );
    }
    tokens.push(token);
    offset += token.text.length;
    const next = text[offset];
    if (token.kind === 'number' && next !== undefined && /[\w.]/.test(next)) {
      throw expressionError(source, token.offset, `"${token.text}${next}" is not a number`);
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\n': '\n',
  '\\t': '\t',
  '\\r': '\r',
  '\\\\': '\\',
  "\\'": "'",
  '\\"': '"',
};

/** The value of a string token, with Python's common escapes; unknown ones stay as written, as in Python. */
export function stringValue(token: ExpressionToken): string {
  return token.text
    .slice(1, -1)
    .replace(/\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\./g, (escape: string, ...groups: unknown[]) => {
      const code = groups[0] ?? groups[1];
      return typeof code === 'string' ? String.fromCharCode(parseInt(code, 16)) : (ESCAPES[escape] ?? escape);
    });
}
