import { type NextRequest, NextResponse } from 'next/server';

export const config = { matcher: ['/', '/profile'] };

/** Sends visitors without a session away from the profile, and remembers every visitor. */
export function middleware(request: NextRequest) {
  if (request.nextUrl.pathname === '/profile' && !request.cookies.has('session')) {
    const login = request.nextUrl.clone();
    login.pathname = '/';
    login.search = '?from=profile';
    return NextResponse.redirect(login);
  }
  const response = NextResponse.next();
  if (!request.cookies.has('visitor')) {
    response.cookies.set('visitor', crypto.randomUUID(), { path: '/oauth', sameSite: 'lax' });
    response.cookies.set('visited', 'oauth', { path: '/', maxAge: 3600 });
  }
  return response;
}
