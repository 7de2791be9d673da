'use server';
import { revalidatePath } from 'next/cache';
import { cookies } from 'next/headers';

const notes = (globalThis.postern_notes ??= []);

export async function listNotes() {
  return notes;
}

export async function addNote(form) {
  const file = form.get('file');
  const size = file && file.size > 0 ? ` with ${file.name} of ${file.size} bytes` : '';
  notes.push(`${form.get('text')}${size}`);
  (await cookies()).set('who', String(form.get('text')), { httpOnly: true });
  revalidatePath('/notes');
}
