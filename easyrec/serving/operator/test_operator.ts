import { type OperatorClient, type OperatorIdentity } from './operator_client.js';
import type { OperatorRequest } from './operator.js';

/** A picture of 16 x 16 pixels, four squares of two colours, as PNG in base64. */
export const SAMPLE_IMAGE =
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAIUlEQVR42mN4kKCAFSkkPMCKGEY10EQDLglcBo1qoIkGACKlYBAX3Au3AAAAAElFTkSuQmCC';

/**
 * Calls all that an operator offers and tells of it line by line, as the original's test_custom_operator.py does.
 * @returns whether the operator is healthy and made something of the request.
 * @throws UserError when it does not answer.
 */
export async function testOperator(
  client: OperatorClient,
  endpoint: string,
  request: OperatorRequest,
  say: (line: string) => void,
): Promise<boolean> {
  say(`INFO:root:Begin to test: endpoint-${endpoint}`);
  say(`INFO:root:Endpoint information: ${pythonDict(await client.identity())}`);
  const health = await client.health();
  say(`INFO:root:Endpoint health: ${health}`);
  const { vectors, metadata } = await client.execute(request);
  say(`INFO:root:Result :\n  vector size: ${vectors.length};  data size: ${metadata.length}`);
  const [first] = vectors;
  if (first !== undefined) say(`INFO:root:  vector dim: ${first.element.length}`);
  say('INFO:root:All tests over.');
  return health === 'healthy' && vectors.length + metadata.length > 0;
}

function pythonDict(identity: OperatorIdentity): string {
  const { name, endpoint, type, input, output, dimension, metricType } = identity;
  const entries = { name, endpoint, type, input, output, dimension, metric_type: metricType };
  return `{${Object.entries(entries)
    .map(([key, value]) => `'${key}': ${pythonText(value)}`)
    .join(', ')}}`;
}

/** As Python's repr of a text without control characters. */
function pythonText(text: string): string {
  const escaped = text.replace(/\\/g, '\\\\');
  return text.includes("'") && !text.includes('"') ? `"${escaped}"` : `'${escaped.replace(/'/g, "\\'")}'`;
}
