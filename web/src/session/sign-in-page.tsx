import { useState } from 'react';
import { Button, Form } from 'react-aria-components';
import { ApiError, messageOf } from '../api/api-error.ts';
import { Notice } from '../ui/notice.tsx';
import { SubmitButton } from '../ui/submit-button.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { useAttempt } from '../ui/use-attempt.ts';
import { words } from '../words/index.ts';
import type { Session, SessionState } from './session.ts';

/** Asks for the password and, where the account has one, a code. */
export function SignInPage({ session, state }: { session: Session; state: SessionState }) {
  return (
    <main className="sign-in">
      {state.status === 'code-owed' ? (
        <CodeForm session={session} />
      ) : (
        <PasswordForm session={session} hasEnded={state.status === 'signed-out' && state.ended} />
      )}
    </main>
  );
}

function PasswordForm({ session, hasEnded }: { session: Session; hasEnded: boolean }) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const { error, isBusy, attempt } = useAttempt(() => session.signIn(username, password));
  return (
    <Form
      className="card"
      onSubmit={(event) => {
        event.preventDefault();
        attempt();
      }}
    >
      <h1>{words.signIn.heading}</h1>
      {hasEnded && error === undefined && <Notice tone="plain">{words.signIn.ended}</Notice>}
      {error !== undefined && (
        <Notice tone="bad">{refusal(error, 'INVALID_AUTH', words.signIn.wrong)}</Notice>
      )}
      <TextInput
        label={words.signIn.username}
        name="username"
        value={username}
        onChange={setUsername}
        autoComplete="username"
        isRequired
        autoFocus
      />
      <TextInput
        label={words.signIn.password}
        name="password"
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        isRequired
      />
      <SubmitButton label={words.signIn.submit} isBusy={isBusy} />
      <p className="hint">{words.signIn.memory}</p>
    </Form>
  );
}

function CodeForm({ session }: { session: Session }) {
  const [code, setCode] = useState('');
  const { error, isBusy, attempt } = useAttempt(() => session.proveCode(code.trim()));
  return (
    <Form
      className="card"
      onSubmit={(event) => {
        event.preventDefault();
        attempt();
      }}
    >
      <h1>{words.signIn.codeHeading}</h1>
      {error !== undefined && (
        <Notice tone="bad">{refusal(error, 'MFA_INVALID_TOKEN', words.signIn.wrongCode)}</Notice>
      )}
      <TextInput
        label={words.signIn.code}
        name="code"
        value={code}
        onChange={setCode}
        autoComplete="one-time-code"
        isRequired
        autoFocus
      />
      <SubmitButton label={words.signIn.codeSubmit} isBusy={isBusy} />
      <Button className="plain" onPress={() => void session.signOut()}>
        {words.signIn.back}
      </Button>
    </Form>
  );
}

function refusal(error: unknown, code: string, text: string): string {
  return error instanceof ApiError && error.apiCode === code ? text : messageOf(error);
}
