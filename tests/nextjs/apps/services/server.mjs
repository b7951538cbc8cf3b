// flow and test: two services of the monorepo that are not Next.js. They answer what they received, byte for byte.
import { createServer } from 'node:http';

for (const [name, port] of [['flow', process.env.FLOW_PORT ?? 3004], ['test', process.env.TEST_PORT ?? 3005]]) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ app: name, method: request.method, target: request.url, headers: request.headers, body }));
    });
  });
  server.listen(Number(port), '127.0.0.1', () => console.log(`${name} on http://127.0.0.1:${port}`));
}
