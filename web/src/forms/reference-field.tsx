import { useState } from 'react';
import {
  Button,
  ComboBox,
  FieldError,
  Group,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
} from 'react-aria-components';
import { words } from '../words/index.ts';
import { useEntities, useEntityName } from './look-up.ts';

export interface ReferenceFieldProps {
  label: string;
  /** Path of the list. */
  to: string;
  value: string;
  onChange: (id: string) => void;
  error?: string | undefined;
  isRequired?: boolean;
  isDisabled?: boolean;
}

/** Chooses one entity by its name. */
export function ReferenceField({
  label,
  to,
  value,
  onChange,
  error,
  ...rest
}: ReferenceFieldProps) {
  const [typed, setTyped] = useState<string>();
  const name = useEntityName(to, value);
  const options = useEntities(to, typed ?? '');
  return (
    <ComboBox
      {...rest}
      className="field"
      items={options}
      inputValue={typed ?? name}
      onInputChange={(text) => {
        setTyped(text);
        if (text === '') onChange('');
      }}
      onChange={(key) => {
        if (key === null) return;
        onChange(String(key));
        setTyped(undefined);
      }}
      onBlur={() => setTyped(undefined)}
      menuTrigger="focus"
      allowsEmptyCollection
      isInvalid={error !== undefined}
      validationBehavior="aria"
    >
      <Label>{label}</Label>
      <Group className="with-button">
        <Input placeholder={words.form.lookUp} />
        <Button className="plain">
          <span aria-hidden="true">▾</span>
        </Button>
      </Group>
      <FieldError>{error}</FieldError>
      <Popover className="popover">
        <ListBox<{ id: string; text: string }> renderEmptyState={() => words.list.noneFound}>
          {(option) => <ListBoxItem id={option.id}>{option.text}</ListBoxItem>}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}
