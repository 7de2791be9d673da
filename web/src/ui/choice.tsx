import {
  Button,
  FieldError,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
} from 'react-aria-components';

export interface ChoiceProps {
  label: string;
  value: string | undefined;
  options: readonly { readonly id: string; readonly text: string }[];
  onChange: (value: string) => void;
  error?: string | undefined;
  isDisabled?: boolean;
  isRequired?: boolean;
}

/** One of a few. */
export function Choice({
  label,
  value,
  options,
  onChange,
  error,
  isDisabled,
  isRequired,
}: ChoiceProps) {
  const selected = options.find(({ id }) => id === value);
  return (
    <Select
      className="field"
      value={value ?? null}
      onChange={(key) => onChange(String(key))}
      isInvalid={error !== undefined}
      isDisabled={isDisabled ?? false}
      isRequired={isRequired ?? false}
      validationBehavior="aria"
    >
      <Label>{label}</Label>
      <Button className="picker">
        <SelectValue>{selected?.text ?? '…'}</SelectValue>
        <span aria-hidden="true">▾</span>
      </Button>
      <FieldError>{error}</FieldError>
      <Popover className="popover">
        <ListBox items={options}>
          {(option) => <ListBoxItem id={option.id}>{option.text}</ListBoxItem>}
        </ListBox>
      </Popover>
    </Select>
  );
}
