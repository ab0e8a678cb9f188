import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

const VARIABLE = 'EASYREC_TEST_CHROMIUM';
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/**
 * A Chromium on this machine, or why there is none: the one that EASYREC_TEST_CHROMIUM names, else one on the path.
 * @throws Error when the variable names a file that does not exist.
 */
export function chromium(): string | { readonly skip: string } {
  const named = process.env[VARIABLE];
  if (named) {
    if (!existsSync(named)) throw new Error(`${VARIABLE} names ${named}, which does not exist`);
    return named;
  }
  const found = NAMES.find((name) => spawnSync(name, ['--version']).status === 0);
  const reason = process.env[`${VARIABLE}_SKIP`];
  return found ?? { skip: reason ?? `there is no Chromium: ${NAMES.join(', ')}, or ${VARIABLE}` };
}

/** The `skip` option of a test that needs it: the reason, or false. */
export function skipWithoutChromium(): string | false {
  const found = chromium();
  return typeof found === 'string' ? false : found.skip;
}

/** A message of the DevTools protocol. */
interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** A headless Chromium with one page, driven over its DevTools protocol. */
export class Browser {
  readonly #process: ChildProcess;
  readonly #input: Writable;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #session: string | undefined;
  #nextId = 1;
  #text = '';
  /** Addresses of everything that the page has asked for. */
  readonly requested: string[] = [];
  /** What the page's console was told of, and errors that nobody caught. */
  readonly problems: string[] = [];

  private constructor(program: string) {
    this.#process = spawn(
      program,
      ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-pipe'],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    this.#input = this.#process.stdio[3] as Writable;
    const output = this.#process.stdio[4] as Readable;
    output.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
  }

  /** Starts a browser whose page is as large as told, in pixels. */
  static async start(size = { width: 1100, height: 900 }): Promise<Browser> {
    const program = chromium();
    if (typeof program !== 'string') throw new Error(program.skip);
    const browser = new Browser(program);
    const { targetId } = await browser.call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.call('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = String(sessionId);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await browser.call(`${domain}.enable`);
    await browser.resize(size);
    return browser;
  }

  /** Calls a method of the protocol. */
  async call(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = this.#nextId++;
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    const target = this.#session === undefined ? {} : { sessionId: this.#session };
    this.#input.write(`${JSON.stringify({ id, method, params, ...target })}\0`);
    const { result = {}, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async resize({ width, height }: { width: number; height: number }): Promise<void> {
    const size = { width, height, deviceScaleFactor: 1, mobile: false };
    await this.call('Emulation.setDeviceMetricsOverride', size);
  }

  /** The value of an expression in the page; promises are waited for. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.call('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    const { exceptionDetails, result } = answer as {
      exceptionDetails?: { exception?: { description?: string } };
      result: { value?: unknown };
    };
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? expression);
    return result.value;
  }

  /** Waits until an expression in the page is true. */
  async until(expression: string, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while ((await this.evaluate(expression)) !== true) {
      if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Presses and releases a key that has a name, such as `Tab` or `Enter`. */
  async press(key: 'Tab' | 'Enter'): Promise<void> {
    const code = key === 'Tab' ? 9 : 13;
    const common = { key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' && { text: '\r' }) };
    await this.call('Input.dispatchKeyEvent', { type: 'keyDown', ...common });
    await this.call('Input.dispatchKeyEvent', { type: 'keyUp', ...common });
  }

  /** A picture of the whole page as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.call('Page.captureScreenshot', {
      format: 'png',
      captureBeyondViewport: true,
    });
    return Buffer.from(String(data), 'base64');
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }

  #receive(text: string): void {
    const messages = (this.#text + text).split('\0');
    this.#text = messages.pop() ?? '';
    for (const each of messages) this.#handle(JSON.parse(each) as Message);
  }

  #handle({ id, method, params = {}, ...message }: Message): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.({ id, ...message });
      this.#waiting.delete(id);
    } else if (method === 'Network.requestWillBeSent') {
      this.requested.push((params['request'] as { url: string }).url);
    } else if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') {
      this.problems.push(JSON.stringify(params));
    } else if (method === 'Runtime.consoleAPICalled') {
      this.problems.push(JSON.stringify(params['args']));
    }
  }
}
