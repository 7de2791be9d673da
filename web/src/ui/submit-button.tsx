import { Button } from 'react-aria-components';
import { words } from '../words/index.ts';

/** Sends a form. While it is being sent it says so, and stays where the focus is. */
export function SubmitButton({ label, isBusy }: { label: string; isBusy: boolean }) {
  return (
    <Button type="submit" className="submit">
      {isBusy ? words.form.working : label}
    </Button>
  );
}
