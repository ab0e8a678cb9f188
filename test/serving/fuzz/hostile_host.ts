import type { RequestListener } from 'node:http';
import { plain } from '../operator/support.js';

/** What a web server may do to who fetches from it. */
export const hostileHost: RequestListener = (request, response) => {
  const endless = (): void => {
    const isMore = response.write(Buffer.alloc(65_536));
    if (!response.destroyed) (isMore ? setImmediate : response.once.bind(response, 'drain'))(endless);
  };
  switch (request.url) {
    case '/picture':
      response.end(plain(10, 20, 30));
      break;
    case '/endless':
      endless();
      break;
    case '/silent':
      break;
    case '/broken':
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x', () => response.destroy());
      break;
    case '/circle':
      response.writeHead(302, { location: '/circle' }).end();
      break;
    case '/file':
      response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      break;
    case undefined:
    default:
      response.writeHead(404).end();
  }
};
