import { NoteForm } from './form';
import { notes } from './store';

export const dynamic = 'force-dynamic';

export default function Notes() {
  return (
    <>
      <h1>Notes</h1>
      <NoteForm />
      <ul id="notes">{notes.map((note, i) => <li key={i}>{note}</li>)}</ul>
    </>
  );
}
