import type { ReactNode } from 'react';
import { Form } from 'react-aria-components';
import { ApiError, messageOf } from '../api/api-error.ts';
import { Notice } from '../ui/notice.tsx';
import { SubmitButton } from '../ui/submit-button.tsx';
import { useAttempt } from '../ui/use-attempt.ts';

interface SignInFormProps {
  heading: string;
  /** On the button. */
  action: string;
  submit: () => Promise<void>;
  /** What the API says when the proof is wrong, and the words for that. */
  wrong: { code: string; text: string };
  /** Shown until something goes wrong. */
  notice?: string | undefined;
  /** The fields. */
  children: ReactNode;
  /** Below the button. */
  footer: ReactNode;
}

/** One step of signing in: fields, a button, and what was wrong. */
export function SignInForm({
  heading,
  action,
  submit,
  wrong,
  notice,
  children,
  footer,
}: SignInFormProps) {
  const { error, isBusy, attempt } = useAttempt(submit);
  const isWrong = error instanceof ApiError && error.apiCode === wrong.code;
  return (
    <Form
      className="card"
      onSubmit={(event) => {
        event.preventDefault();
        attempt();
      }}
    >
      <h1>{heading}</h1>
      {notice !== undefined && error === undefined && <Notice tone="plain">{notice}</Notice>}
      {error !== undefined && <Notice tone="bad">{isWrong ? wrong.text : messageOf(error)}</Notice>}
      {children}
      <SubmitButton label={action} isBusy={isBusy} />
      {footer}
    </Form>
  );
}
