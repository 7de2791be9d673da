import {
  CheckboxGroup,
  FieldError,
  Label,
  NumberField,
  Group,
  Button,
  Input,
} from 'react-aria-components';
import { Choice } from '../ui/choice.tsx';
import { Check, Toggle } from '../ui/marks.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { labelOf } from '../words/label.ts';
import { words } from '../words/index.ts';
import type { Body } from './body.ts';
import type { FieldModel } from './field-model.ts';
import { JsonField } from './json-field.tsx';
import { ListField } from './list-field.tsx';
import { messageAt, withMember } from './member-path.ts';
import { ReferenceField } from './reference-field.tsx';

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

export interface MemberFieldProps {
  field: FieldModel;
  value: unknown;
  onChange: (value: unknown) => void;
  /** Path of the member in the body. */
  path: string;
  problem: FieldProblem | undefined;
  isReadOnly: boolean;
}

/** The input of one member of a body. */
export function MemberField(props: MemberFieldProps) {
  const { field, value, onChange, path, problem, isReadOnly } = props;
  const label = labelOf(field.name);
  const error = messageAt(problem, path, field.kind !== 'group');
  const text = typeof value === 'string' ? value : '';
  const common = { label, error, onChange, isRequired: field.isRequired };
  switch (field.kind) {
    case 'text':
    case 'secret':
    case 'lines':
      return (
        <TextInput
          {...common}
          value={text}
          name={path}
          type={field.kind === 'secret' ? 'password' : 'text'}
          autoComplete={field.kind === 'secret' ? 'new-password' : 'off'}
          maxLength={field.maxLength}
          isMultiline={field.kind === 'lines'}
          isReadOnly={isReadOnly}
        />
      );
    case 'number':
      return <NumberInput {...props} label={label} error={error} />;
    case 'switch':
      return (
        <Toggle label={label} isOn={value === true} onChange={onChange} isReadOnly={isReadOnly} />
      );
    case 'choice':
      return (
        <Choice
          {...common}
          value={text}
          options={field.options.map((id) => ({ id, text: id === '' ? words.form.none : id }))}
          isDisabled={isReadOnly}
        />
      );
    case 'choices':
      return (
        <CheckboxGroup
          className="field"
          value={Array.isArray(value) ? (value as string[]) : []}
          onChange={onChange}
          isReadOnly={isReadOnly}
          isInvalid={error !== undefined}
          validationBehavior="aria"
        >
          <Label>{label}</Label>
          {field.options.map((option) => (
            <Check key={option} value={option}>
              {option}
            </Check>
          ))}
          <FieldError>{error}</FieldError>
        </CheckboxGroup>
      );
    case 'reference':
      return <ReferenceField {...common} to={field.to} value={text} isDisabled={isReadOnly} />;
    case 'list':
      return (
        <ListField
          {...common}
          value={Array.isArray(value) ? (value as string[]) : []}
          suggest={field.suggest}
          isDisabled={isReadOnly}
        />
      );
    case 'group':
      return <GroupFields {...props} field={field} label={label} error={error} />;
    case 'json':
      return <JsonField {...common} value={value} isReadOnly={isReadOnly} />;
  }
}

type Labelled = MemberFieldProps & { label: string; error: string | undefined };

function NumberInput({ field, value, onChange, isReadOnly, label, error }: Labelled) {
  if (field.kind !== 'number') return null;
  return (
    <NumberField
      className="field"
      value={typeof value === 'number' ? value : NaN}
      onChange={(next) => onChange(Number.isNaN(next) ? undefined : next)}
      {...(field.minimum !== undefined && { minValue: field.minimum })}
      {...(field.maximum !== undefined && { maxValue: field.maximum })}
      formatOptions={{ useGrouping: false }}
      isReadOnly={isReadOnly}
      isRequired={field.isRequired}
      isInvalid={error !== undefined}
      validationBehavior="aria"
    >
      <Label>{label}</Label>
      <Group className="with-button">
        <Input />
        <Button slot="decrement" className="plain">
          −
        </Button>
        <Button slot="increment" className="plain">
          +
        </Button>
      </Group>
      <FieldError>{error}</FieldError>
    </NumberField>
  );
}

function GroupFields({
  field,
  value,
  onChange,
  path,
  problem,
  isReadOnly,
  label,
  error,
}: Labelled) {
  if (field.kind !== 'group') return null;
  const body = (typeof value === 'object' && value !== null ? value : {}) as Body;
  return (
    <fieldset>
      <legend>{label}</legend>
      {error !== undefined && <p className="error">{error}</p>}
      {field.fields.map((member) => (
        <MemberField
          key={member.name}
          field={member}
          value={body[member.name]}
          onChange={(next) => onChange(withMember(body, member.name, next))}
          path={`${path}.${member.name}`}
          problem={problem}
          isReadOnly={isReadOnly}
        />
      ))}
    </fieldset>
  );
}
