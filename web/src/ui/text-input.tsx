import { FieldError, Input, Label, Text, TextArea, TextField } from 'react-aria-components';

export interface TextInputProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  name?: string;
  type?: 'text' | 'password' | 'url';
  hint?: string | undefined;
  error?: string | undefined;
  isRequired?: boolean;
  isReadOnly?: boolean;
  isMultiline?: boolean;
  autoComplete?: string;
  autoFocus?: boolean;
  maxLength?: number | undefined;
}

/** A labelled text field with a hint and the API's word on it. */
export function TextInput({
  label,
  hint,
  error,
  isMultiline,
  name,
  maxLength,
  ...rest
}: TextInputProps) {
  return (
    <TextField
      {...rest}
      {...(name !== undefined && { name })}
      {...(maxLength !== undefined && { maxLength })}
      className="field"
      isInvalid={error !== undefined}
      validationBehavior="aria"
    >
      <Label>{label}</Label>
      {isMultiline ? <TextArea rows={8} spellCheck="false" /> : <Input />}
      {hint !== undefined && <Text slot="description">{hint}</Text>}
      <FieldError>{error}</FieldError>
    </TextField>
  );
}
