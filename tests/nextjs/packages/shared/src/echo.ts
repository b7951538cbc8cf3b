const forwarding = [
  'host',
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-request-id',
];

/** Answers what arrived: method, path, the headers a proxy writes, and the body. */
export async function echo(app: string, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const headers = Object.fromEntries(
    forwarding.filter((name) => request.headers.has(name)).map((name) => [name, request.headers.get(name)]),
  );
  const text = await request.text();
  const isJson = request.headers.get('content-type')?.startsWith('application/json') ?? false;
  const body = isJson && text ? JSON.parse(text) : text;
  return Response.json({ app, method: request.method, path: url.pathname, query: url.search, headers, body });
}
