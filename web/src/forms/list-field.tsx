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
  Tag,
  TagGroup,
  TagList,
} from 'react-aria-components';
import { words } from '../words/index.ts';
import type { Suggest } from './field-model.ts';
import { useEntityName, useSuggestions } from './look-up.ts';

export interface ListFieldProps {
  label: string;
  value: readonly string[];
  onChange: (value: readonly string[]) => void;
  suggest?: Suggest | undefined;
  error?: string | undefined;
  isDisabled?: boolean;
}

/** Texts, roles or references: chosen from what there is, or typed. */
export function ListField({
  label,
  value,
  onChange,
  suggest,
  error,
  isDisabled = false,
}: ListFieldProps) {
  const [typed, setTyped] = useState('');
  const options = useSuggestions(suggest, typed).filter(({ id }) => !value.includes(id));
  const add = (text: string) => {
    if (text !== '' && !value.includes(text)) onChange([...value, text]);
    setTyped('');
  };
  return (
    <div className="list-field">
      <ComboBox
        className="field"
        items={options}
        inputValue={typed}
        onInputChange={setTyped}
        value={null}
        onChange={(key) => {
          if (key !== null) add(String(key));
        }}
        allowsCustomValue
        menuTrigger="focus"
        isDisabled={isDisabled}
        isInvalid={error !== undefined}
        validationBehavior="aria"
      >
        <Label>{label}</Label>
        <Group className="with-button">
          <Input
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || typed === '') return;
              // Not the form: what was typed goes into the list.
              event.preventDefault();
              add(typed.trim());
            }}
          />
          <Button
            slot={null}
            className="plain"
            isDisabled={isDisabled || typed === ''}
            onPress={() => add(typed.trim())}
          >
            {words.form.add}
          </Button>
        </Group>
        <FieldError>{error}</FieldError>
        <Popover className="popover">
          <ListBox<{ id: string; text: string }>>
            {(option) => <ListBoxItem id={option.id}>{option.text}</ListBoxItem>}
          </ListBox>
        </Popover>
      </ComboBox>
      {value.length > 0 && (
        <TagGroup
          aria-label={label}
          {...(!isDisabled && {
            onRemove: (keys) => onChange(value.filter((one) => !keys.has(one))),
          })}
        >
          <TagList className="tags">
            {value.map((one) => (
              <Tag key={one} id={one} textValue={one} className="tag">
                <ListedName value={one} suggest={suggest} />
                {!isDisabled && <Button slot="remove">×</Button>}
              </Tag>
            ))}
          </TagList>
        </TagGroup>
      )}
    </div>
  );
}

/** Entities by name instead of by id. */
function ListedName({ value, suggest }: { value: string; suggest: Suggest | undefined }) {
  const isReference = suggest?.entities !== undefined && (!suggest.isRole || value.startsWith('@'));
  const id = suggest?.isRole ? value.slice(1) : value;
  const name = useEntityName(isReference ? suggest.entities : undefined, id);
  return isReference && suggest.isRole ? `@${name}` : isReference ? name : value;
}
