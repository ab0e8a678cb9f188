import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { type HttpServer, startHttpServer } from '../../../easyrec/serving/http_server.js';
import type { HttpHandler } from '../../../easyrec/serving/http.js';
import { Inference } from '../../../easyrec/serving/inference/index.js';
import { ServerMetrics } from '../../../easyrec/serving/monitoring/index.js';
import { PageHandler } from '../../../easyrec/serving/page/index.js';
import type { PageState } from '../../../easyrec/serving/page/page_state.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { RestHandler } from '../../../easyrec/serving/tfserving/rest_handler.js';
import { Browser, skipWithoutChromium } from '../../support/browser.js';
import { halfPlusTwo } from '../support.js';

/** A name that would be markup if the page took it for that. */
const MODEL = 'half <b>plus</b> "two"';

let server: HttpServer;
let browser: Browser;
let origin: string;
let load: NodeJS.Timeout;
/** What the page was told, oldest first. */
const told: PageState[] = [];

/** Keeps the states that a page asks for. */
function remembering(page: PageHandler): HttpHandler {
  return {
    accepts: (path) => page.accepts(path),
    handle: async (request) => {
      const answer = await page.handle(request);
      if (request.path === '/page/state')
        told.push(JSON.parse(Buffer.from(answer.body).toString()) as PageState);
      return answer;
    },
  };
}

/** Calls that succeeded, and that failed, from each state to the next, in a second. */
function ratesTold(): readonly (readonly [number, number])[] {
  const count = ({ counts }: PageState, isGood: boolean): number =>
    counts.reduce((sum, each) => sum + ((each.status === 'OK') === isGood ? each.count : 0), 0);
  return told.slice(1).map((state, i) => {
    const before = told[i] ?? state;
    const rate = (isGood: boolean): number => {
      const seconds = (state.now - before.now) / 1000;
      return Number(((count(state, isGood) - count(before, isGood)) / seconds).toPrecision(3));
    };
    return [rate(true), rate(false)];
  });
}

async function predict(body: string): Promise<void> {
  const response = await fetch(`${origin}/v1/models/${encodeURIComponent(MODEL)}:predict`, {
    method: 'POST',
    body,
  });
  await response.arrayBuffer();
}

describe('the page in Chromium', { skip: skipWithoutChromium() }, () => {
  before(
    async () => {
      const metrics = new ServerMetrics();
      const inference = new Inference(new SingleModelCatalog(MODEL, { version: 3n, model: halfPlusTwo() }), [
        metrics,
      ]);
      const maxBodyBytes = 1 << 20;
      const handlers = [
        new RestHandler(inference, { timeoutMs: 1000, maxBodyBytes }, SILENT_LOG),
        remembering(new PageHandler(inference.catalog, metrics)),
      ];
      server = await startHttpServer(handlers, { host: '127.0.0.1', port: 0, maxBodyBytes });
      origin = `http://127.0.0.1:${server.port}`;
      load = setInterval(() => {
        void predict('{"instances": [1.0]}');
        void predict('{"instances": ["no number"]}');
      }, 20);
      browser = await Browser.start();
      await browser.call('Page.navigate', { url: `${origin}/` });
      await browser.until(`document.querySelector('#models h3') !== null`);
    },
    { signal: AbortSignal.timeout(60_000) },
  );
  after(async () => {
    clearInterval(load);
    await browser.close();
    await server.close();
  });

  test('models, versions and signatures are shown, and their names are never markup', async () => {
    assert.equal(await browser.evaluate(`document.querySelector('#models h3').textContent`), MODEL);
    assert.equal(await browser.evaluate(`document.querySelectorAll('b').length`), 0);
    const rows = await browser.evaluate(
      `[...document.querySelectorAll('#models tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))`,
    );
    assert.deepEqual(rows, [
      ['3', 'AVAILABLE', ''],
      ['serving_default', 'input', 'x', 'float32 [?]'],
      ['serving_default', 'output', 'y', 'float32 [?]'],
    ]);
    assert.match(
      String(await browser.evaluate(`document.getElementById('summary').textContent`)),
      /^1 of 1 models available/,
    );
  });

  test('the form holds an example of the signature, and sends it from the keyboard', async () => {
    assert.deepEqual(JSON.parse(String(await browser.evaluate(`document.getElementById('body').value`))), {
      signature_name: 'serving_default',
      instances: [{ x: 0 }],
    });
    await browser.evaluate(`document.getElementById('body').focus()`);
    await browser.press('Tab');
    assert.equal(await browser.evaluate(`document.activeElement.textContent`), 'Predict');
    await browser.press('Enter');
    await browser.until(`document.getElementById('answer').textContent !== ''`);
    const answer = String(await browser.evaluate(`document.getElementById('answer').textContent`));
    assert.deepEqual(JSON.parse(answer), { predictions: [2] });
    assert.match(
      String(await browser.evaluate(`document.getElementById('answer-status').textContent`)),
      /^OK: HTTP 200 after [\d.]+ ms$/,
    );
  });

  test('rate and latency of the load are told in words and drawn as lines', async () => {
    await browser.until(`/Solid: [1-9]/.test(document.getElementById('rate-text').textContent)`);
    const [, good, bad] =
      /^Solid: ([\d.]+) succeed; dashed: ([\d.]+) fail\.$/.exec(
        String(await browser.evaluate(`document.getElementById('rate-text').textContent`)),
      ) ?? [];
    const rates = ratesTold();
    assert.ok(
      rates.some((rate) => rate[0] === Number(good) && rate[1] === Number(bad)),
      `${good} and ${bad} of ${JSON.stringify(rates)}`,
    );
    assert.ok(
      rates.some(([, failed]) => failed > 0),
      JSON.stringify(rates),
    );
    assert.match(
      String(await browser.evaluate(`document.getElementById('latency-text').textContent`)),
      /^Solid: p50 [\d.]+ ms; dashed: p99 [\d.]+ ms\.$/,
    );
    await browser.until(`document.querySelector('#rate path.first').getAttribute('d').includes('L')`);
    await browser.until(`document.querySelector('#latency path.second').getAttribute('d').includes('L')`);
  });

  test('everything that can be used has a name for those who cannot see it', async () => {
    const { nodes } = (await browser.call('Accessibility.getFullAXTree')) as {
      nodes: { ignored: boolean; role?: { value: string }; name?: { value: string } }[];
    };
    const usable = new Set(['combobox', 'textbox', 'button', 'image', 'table', 'heading']);
    const named = nodes
      .filter(({ ignored, role }) => !ignored && usable.has(role?.value ?? ''))
      .map(({ role, name }) => [role?.value, name?.value ?? ''] as const);
    assert.deepEqual(
      named.filter(([, name]) => name === ''),
      [],
    );
    assert.ok(named.length >= 15, JSON.stringify(named));
    assert.ok(nodes.some(({ role }) => role?.value === 'main'));
    assert.ok(
      named.some(
        ([role, name]) => role === 'image' && /^Requests per second Solid: [\d.]+ succeed/.test(name),
      ),
      JSON.stringify(named),
    );
  });

  test('a narrow screen need not be scrolled sideways', async () => {
    await browser.resize({ width: 360, height: 700 });
    const tooWide = `document.documentElement.scrollWidth - document.documentElement.clientWidth`;
    assert.equal(await browser.evaluate(tooWide), 0);
    await browser.resize({ width: 1100, height: 900 });
  });

  test('the page asks for nothing from elsewhere, and its console stays empty', () => {
    assert.ok(browser.requested.length > 4);
    assert.deepEqual(
      browser.requested.filter((url) => !url.startsWith(`${origin}/`) && url !== 'data:,'),
      [],
    );
    assert.deepEqual(browser.problems, []);
  });

  test('an error of the server is shown as such', async () => {
    await browser.evaluate(`document.getElementById('body').value = '{'`);
    await browser.evaluate(`document.querySelector('form button').click()`);
    await browser.until(
      `document.getElementById('answer-status').textContent.startsWith('Error: HTTP 400 after')`,
    );
    assert.match(
      String(await browser.evaluate(`document.getElementById('answer').textContent`)),
      /JSON Parse error/,
    );
  });
});
