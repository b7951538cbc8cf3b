'use server';

import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';

export async function logIn(form: FormData) {
  const jar = await cookies();
  jar.set('session', String(form.get('user')), { httpOnly: true, path: '/', sameSite: 'lax' });
  redirect('/profile');
}
