import { useState } from 'react';
import { TextInput } from '../ui/text-input.tsx';
import { words } from '../words/index.ts';
import { isSame } from './body.ts';

export interface JsonFieldProps {
  label: string;
  value: unknown;
  onChange: (value: unknown) => void;
  error?: string | undefined;
  isReadOnly?: boolean;
}

/** Any value, as JSON. What is no JSON stays text here and reaches nobody. */
export function JsonField({ label, value, onChange, error, isReadOnly = false }: JsonFieldProps) {
  const [typed, setTyped] = useState<string>();
  const isShown = typed !== undefined && (parse(typed) === invalid || isSame(parse(typed), value));
  const text = isShown ? typed : value === undefined ? '' : JSON.stringify(value, undefined, 2);
  const isInvalid = text !== '' && parse(text) === invalid;
  return (
    <TextInput
      label={label}
      value={text}
      onChange={(next) => {
        setTyped(next);
        const parsed = next === '' ? undefined : parse(next);
        if (parsed !== invalid) onChange(parsed);
      }}
      error={isInvalid ? words.form.jsonInvalid : error}
      isReadOnly={isReadOnly}
      isMultiline
    />
  );
}

const invalid = Symbol('invalid');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return invalid;
  }
}
