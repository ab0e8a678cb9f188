export { PageHandler } from './page_handler.js';
