import { type NextRequest, NextResponse } from 'next/server';

export const config = { matcher: ['/', '/profile'] };

/** Sends visitors without a session away from the profile, and remembers every visitor. */
export function middleware(request: NextRequest) {
  if (request.nextUrl.pathname === '/profile' && !request.cookies.has('session')) {
    // Not request.url: its origin is the address this app listens on, and the browser would be sent past the proxy.
    const origin = `${request.headers.get('x-forwarded-proto') ?? 'http'}://${request.headers.get('host')}`;
    return NextResponse.redirect(new URL(`${request.nextUrl.basePath}?from=profile`, origin));
  }
  const response = NextResponse.next();
  if (!request.cookies.has('visitor')) {
    response.cookies.set('visitor', crypto.randomUUID(), { path: '/oauth', sameSite: 'lax' });
    response.cookies.set('visited', 'oauth', { path: '/', maxAge: 3600 });
  }
  return response;
}
