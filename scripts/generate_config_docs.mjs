// node scripts/generate_config_docs.mjs [--check]   writes docs/config_fields.md from the schema and the table of
// supported fields; with --check exits 1 when the file is not what it would write. Run npm run build first.
import { readFileSync, writeFileSync } from 'node:fs';
import { messageSchema } from '../dist/easyrec/config/schema.js';
import { SUPPORT } from '../dist/easyrec/config/support/index.js';

const FILE = new URL('../docs/config_fields.md', import.meta.url);

function typeText(field) {
  const name = field.kind === 'scalar' ? field.type : field.type.name;
  return `${field.repeated ? 'repeated ' : ''}${field.kind === 'map' ? `map to ${name}` : name}`;
}

function defaultText(field) {
  if (field.repeated || field.oneof !== null || (field.kind !== 'scalar' && field.kind !== 'enum')) return '';
  const value = field.default;
  return value === '' ? '' : `, default ${typeof value === 'string' ? `\`${value}\`` : value}`;
}

function ruleText(rule) {
  switch (rule.kind) {
    case 'honoured':
      return '';
    case 'ignored':
      return `: accepted without effect, as ${rule.reason}`;
    case 'when':
      return `: ${rule.expected}`;
    default:
      throw new Error(`unknown rule ${rule.kind}`);
  }
}

function section(name) {
  const rules = SUPPORT[name];
  const fields = [...messageSchema(name).fields.values()];
  const rows = fields
    .filter((field) => rules[field.name] !== undefined)
    .map((field) => {
      const text = `${typeText(field)}${defaultText(field)}`;
      return `- \`${field.name}\` (${text})${ruleText(rules[field.name])}`;
    });
  const others = fields
    .filter((field) => rules[field.name] === undefined)
    .map((field) => `\`${field.name}\``);
  const missing = others.length === 0 ? [] : ['', `Not supported yet: ${others.join(', ')}.`];
  return [`## ${name}`, '', ...rows, ...missing, ''].join('\n');
}

const page = [
  '# Supported fields',
  '',
  'Written by `scripts/generate_config_docs.mjs` from the table that every config is checked against. A field that is not',
  'listed, or another value than those named, ends the run with a message; a field may always be set to its default. A',
  "message that has no section is not supported. Which component, feature and model names there are is the toolkit's own",
  'tables; see [config.md](config.md).',
  '',
  ...Object.keys(SUPPORT).map(section),
].join('\n');

if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== page) {
    console.error('docs/config_fields.md is not up to date; run node scripts/generate_config_docs.mjs');
    process.exit(1);
  }
} else writeFileSync(FILE, page);
