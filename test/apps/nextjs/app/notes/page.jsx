import { cookies } from 'next/headers';
import { addNote, listNotes } from './actions.js';
import { Counter } from './counter.jsx';

export const dynamic = 'force-dynamic';

export default async function Notes() {
  const who = (await cookies()).get('who')?.value ?? 'nobody';
  return (
    <>
      <h1>Notes</h1>
      <p id="who">Last written by {who}</p>
      <form action={addNote}>
        <input name="text" aria-label="Note" />
        <input name="file" type="file" aria-label="File" />
        <button id="add">Add</button>
      </form>
      <ul id="notes">
        {(await listNotes()).map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      <Counter />
    </>
  );
}
