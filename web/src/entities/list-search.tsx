import { useState } from 'react';
import { Button, Input, Label, SearchField, ToggleButton } from 'react-aria-components';
import { quoted } from '../forms/look-up.ts';
import { words } from '../words/index.ts';

/** What a list is narrowed down to; in the address, so that it can be passed on. */
export interface ListSearchState {
  readonly text: string;
  /** Whether the text is a filter expression of the API. */
  readonly isExpression: boolean;
}

/** The filter that finds the text in any of the members; an expression stands as it is. */
export function filterOf(
  { text, isExpression }: ListSearchState,
  members: readonly string[],
): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (isExpression) return trimmed;
  return members.map((member) => `${member} icontains ${quoted(trimmed)}`).join(' or ');
}

export interface ListSearchProps {
  value: ListSearchState;
  onChange: (value: ListSearchState) => void;
}

export function ListSearch({ value, onChange }: ListSearchProps) {
  const [typed, setTyped] = useState(value.text);
  return (
    <div className="search">
      <SearchField
        className="field"
        value={typed}
        onChange={(text) => {
          setTyped(text);
          // Each letter of an expression would be an error but the last.
          if (!value.isExpression || text === '') onChange({ ...value, text });
        }}
        onSubmit={(text) => onChange({ ...value, text })}
      >
        <Label>{value.isExpression ? words.list.expression : words.list.search}</Label>
        <div className="with-button">
          <Input placeholder={value.isExpression ? words.list.expressionHint : ''} />
          <Button className="plain">×</Button>
        </div>
      </SearchField>
      <ToggleButton
        className="plain"
        isSelected={value.isExpression}
        onChange={(isExpression) => onChange({ text: typed, isExpression })}
      >
        {words.list.useExpression}
      </ToggleButton>
    </div>
  );
}
