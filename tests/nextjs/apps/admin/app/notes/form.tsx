'use client';

import { useActionState } from 'react';
import { addNote } from './actions';

export function NoteForm() {
  const [message, action, pending] = useActionState(addNote, '');
  return (
    <form action={action}>
      <input name="text" aria-label="text" />
      <button type="submit" disabled={pending}>Add</button>
      <p id="message">{message}</p>
    </form>
  );
}
