import { Random } from '../../../easyrec/input/random.js';

/** One hostile request. */
export interface Attack {
  /** What is wrong with it; the same for all of a kind. */
  readonly title: string;
  /** Sends it; what is wrong with the answer, or undefined where it is as it must be. */
  readonly send: () => Promise<string | undefined>;
}

/** Draws an attack: the same one for the same numbers. */
export type Arsenal = (random: Random) => Attack;

/** Sends a request that is right; throws when it is not answered as it must be. */
export type Check = () => Promise<void>;

/** What is done to a server. */
export interface CampaignOptions {
  readonly seed: number;
  readonly attacks: number;
  /** Send at once. */
  readonly clients: number;
  readonly arsenal: Arsenal;
  /** Sent in turn, one after every few attacks. */
  readonly checks: readonly Check[];
  /** An answer that takes longer is none. */
  readonly limitMs: number;
  /** Begins with this one, to send a single attack again. */
  readonly first?: number;
}

/** What came of it. */
export interface CampaignReport {
  /** Each with the seed and the number of its attack. */
  readonly problems: readonly string[];
  /** How often each kind was sent. */
  readonly sent: ReadonlyMap<string, number>;
  readonly checks: number;
  readonly slowest: { readonly what: string; readonly ms: number };
}

const ATTACKS_PER_CHECK = 5;
/** A server that does everything wrong is known well enough by then. */
const MAX_PROBLEMS = 50;

/** Attacks a server, and checks all the while that it serves others. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { seed, attacks, clients, arsenal, checks, limitMs, first = 0 } = options;
  const problems: string[] = [];
  const sent = new Map<string, number>();
  const end = first + attacks;
  let next = first;
  let checked = 0;
  let slowest = { what: 'none', ms: 0 };
  const timed = async (what: string, body: () => Promise<string | undefined>): Promise<void> => {
    const started = performance.now();
    const problem = await within(limitMs, body);
    const ms = performance.now() - started;
    if (ms > slowest.ms) slowest = { what, ms };
    if (problem !== undefined) problems.push(`${what}: ${problem}`);
  };
  const client = async (): Promise<void> => {
    while (next < end && problems.length < MAX_PROBLEMS) {
      const number = next++;
      const { title, send } = arsenal(new Random(seed, number));
      sent.set(title, (sent.get(title) ?? 0) + 1);
      await timed(`attack ${number} of seed ${seed}, ${title}`, send);
      const check = number % ATTACKS_PER_CHECK === 0 ? checks[checked % checks.length] : undefined;
      if (check === undefined) continue;
      checked++;
      await timed(`a right request after attack ${number}`, async () => {
        await check();
        return undefined;
      });
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { problems, sent, checks: checked, slowest };
}

async function within(limitMs: number, body: () => Promise<string | undefined>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${limitMs} ms`), limitMs);
  });
  try {
    return await Promise.race([body().catch(String), overdue]);
  } finally {
    clearTimeout(timer);
  }
}

/** One of several. */
export function pick<Item>(random: Random, items: readonly [Item, ...Item[]]): Item {
  return items[random.below(items.length)] ?? items[0];
}

/** An arsenal of several, each as often as its weight says. */
export function weighted(arsenals: readonly (readonly [weight: number, arsenal: Arsenal])[]): Arsenal {
  const total = arsenals.reduce((sum, [weight]) => sum + weight, 0);
  return (random) => {
    let at = random.uniform() * total;
    for (const [weight, arsenal] of arsenals) {
      at -= weight;
      if (at < 0) return arsenal(random);
    }
    throw new Error('no arsenal');
  };
}
