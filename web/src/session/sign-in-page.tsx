import { useState } from 'react';
import { Button } from 'react-aria-components';
import { TextInput } from '../ui/text-input.tsx';
import { words } from '../words/index.ts';
import type { Session, SessionState } from './session.ts';
import { SignInForm } from './sign-in-form.tsx';

const texts = words.signIn;

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
  return (
    <SignInForm
      heading={texts.heading}
      action={texts.submit}
      submit={() => session.signIn(username, password)}
      wrong={{ code: 'INVALID_AUTH', text: texts.wrong }}
      notice={hasEnded ? texts.ended : undefined}
      footer={<p className="hint">{texts.memory}</p>}
    >
      <TextInput
        label={texts.username}
        name="username"
        value={username}
        onChange={setUsername}
        autoComplete="username"
        isRequired
        autoFocus
      />
      <TextInput
        label={texts.password}
        name="password"
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        isRequired
      />
    </SignInForm>
  );
}

function CodeForm({ session }: { session: Session }) {
  const [code, setCode] = useState('');
  return (
    <SignInForm
      heading={texts.codeHeading}
      action={texts.codeSubmit}
      submit={() => session.proveCode(code.trim())}
      wrong={{ code: 'MFA_INVALID_TOKEN', text: texts.wrongCode }}
      footer={
        <Button className="plain" onPress={() => void session.signOut()}>
          {texts.back}
        </Button>
      }
    >
      <TextInput
        label={texts.code}
        name="code"
        value={code}
        onChange={setCode}
        autoComplete="one-time-code"
        isRequired
        autoFocus
      />
    </SignInForm>
  );
}
