import type { ReactNode } from 'react';
import {
  CheckboxButton,
  CheckboxField,
  RadioButton,
  RadioField,
  SwitchButton,
  SwitchField,
} from 'react-aria-components';

export interface ToggleProps {
  label: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  isReadOnly?: boolean;
}

/** Something that is or is not. */
export function Toggle({ label, isOn, onChange, isReadOnly = false }: ToggleProps) {
  return (
    <SwitchField isSelected={isOn} onChange={onChange} isReadOnly={isReadOnly}>
      <SwitchButton className="switch">
        <span className="track" aria-hidden="true" />
        {label}
      </SwitchButton>
    </SwitchField>
  );
}

/** One of several that may be chosen, in a `CheckboxGroup`. */
export function Check({ value, children }: { value: string; children: ReactNode }) {
  return (
    <CheckboxField value={value}>
      <CheckboxButton className="check">
        <span className="box" aria-hidden="true" />
        {children}
      </CheckboxButton>
    </CheckboxField>
  );
}

/** One of several of which one is chosen, in a `RadioGroup`. */
export function RadioMark({ value, children }: { value: string; children: ReactNode }) {
  return (
    <RadioField value={value}>
      <RadioButton className="check round">
        <span className="box" aria-hidden="true" />
        {children}
      </RadioButton>
    </RadioField>
  );
}
