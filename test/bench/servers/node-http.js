// The baseline of all ratios: node:http by hand, with no more than the scenario needs.
import { createServer } from 'node:http';
import { created, HELLO, port, user } from '../app.js';
import { person } from '../schema.js';

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';

function send(response, status, type, body) {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

createServer((request, response) => {
  const { method, url } = request;
  if (method === 'GET' && url === '/') return send(response, 200, TEXT, HELLO);
  if (method === 'GET' && url.startsWith('/users/'))
    return send(response, 200, JSON_TYPE, JSON.stringify(user(url.slice(7))));
  if (method === 'POST' && url === '/people') {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () =>
      send(response, 200, JSON_TYPE, JSON.stringify(created(person.parse(JSON.parse(Buffer.concat(chunks)))))),
    );
    return undefined;
  }
  return send(response, 404, TEXT, 'Not Found');
}).listen(port, '127.0.0.1');
