import { readFileSync } from 'node:fs';
import { packageFile } from '../../package_files.js';
import type { ModelCatalog } from '../catalog.js';
import type { HttpHandler, HttpRequest, HttpResponse } from '../http.js';
import type { ServerMetrics } from '../monitoring/index.js';
import { pageState } from './page_state.js';

/** What the page consists of, by path. */
const FILES: Readonly<Record<string, readonly [file: string, contentType: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page/page.js': ['page.js', 'text/javascript; charset=utf-8'],
};
const STATE = '/page/state';

/** Nothing from elsewhere is loaded, and no other site can frame the page or have its answers taken for another type. */
const HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** A page for people at `/`: models, their load, and a form that sends a predict request. */
export class PageHandler implements HttpHandler {
  readonly #catalog: ModelCatalog;
  readonly #metrics: ServerMetrics;
  readonly #started = Date.now();
  readonly #files = new Map<string, Buffer>();

  constructor(catalog: ModelCatalog, metrics: ServerMetrics) {
    this.#catalog = catalog;
    this.#metrics = metrics;
  }

  accepts(path: string): boolean {
    return path === STATE || Object.hasOwn(FILES, path);
  }

  handle({ method, path }: Pick<HttpRequest, 'method' | 'path'>): Promise<HttpResponse> {
    if (method !== 'GET' && method !== 'HEAD') {
      return Promise.resolve({ status: 405, headers: { ...HEADERS, allow: 'GET, HEAD' }, body: '' });
    }
    const [contentType, body] = path === STATE ? this.#state() : this.#file(path);
    return Promise.resolve({ status: 200, contentType, headers: HEADERS, body });
  }

  #state(): readonly [string, string] {
    const state = pageState(this.#catalog, this.#metrics, this.#started);
    return ['application/json', JSON.stringify(state)];
  }

  #file(path: string): readonly [string, Buffer] {
    const [name, contentType] = FILES[path] ?? ['', ''];
    const known = this.#files.get(path) ?? readFileSync(packageFile(`templates/page/${name}`));
    this.#files.set(path, known);
    return [contentType, known];
  }
}
