'use server';

import { revalidatePath } from 'next/cache';
import { notes } from './store';

export async function addNote(_: string, form: FormData): Promise<string> {
  const text = String(form.get('text') ?? '').trim();
  if (!text) {
    return 'a note needs text';
  }
  notes.push(text);
  revalidatePath('/notes');
  return `added ${text}`;
}
