import { useMemo, useState, type ReactNode } from 'react';
import { Form, Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { isAppError } from '@postern/shared/errors';
import type { Schema } from '../api/operations.ts';
import { ApiError, messageOf } from '../api/api-error.ts';
import { Notice } from '../ui/notice.tsx';
import { SubmitButton } from '../ui/submit-button.tsx';
import { useAttempt } from '../ui/use-attempt.ts';
import { fill, words } from '../words/index.ts';
import type { Body } from './body.ts';
import { fieldsOf, type FieldModel } from './field-model.ts';
import { JsonField } from './json-field.tsx';
import { MemberField, type FieldProblem } from './member-field.tsx';
import { withMember } from './member-path.ts';
import { fieldsFor } from './variants.ts';

export interface BodyFormProps {
  schema: Schema;
  /** Path of the entity, for what its attributes may be. */
  entity: string;
  initial: Body;
  submitLabel: string;
  isReadOnly?: boolean;
  onSubmit: (body: Body) => Promise<void>;
  /** Further tabs. */
  tabs?: readonly { readonly id: string; readonly label: string; readonly content: ReactNode }[];
}

/** A body as a form made from its schema, and as JSON: two views of one value. */
export function BodyForm(props: BodyFormProps) {
  const { schema, entity, initial, submitLabel, isReadOnly = false, onSubmit, tabs = [] } = props;
  const [body, setBody] = useState(initial);
  const { error, isBusy, attempt } = useAttempt(() => onSubmit(body));
  const fields = useMemo(() => fieldsOf(schema, entity), [schema, entity]);
  const shown = fieldsFor(fields, entity, body);
  const problem = problemOf(error);
  const isShownAtField = problem !== undefined && isOneOf(shown, problem.field);
  const buttons = !isReadOnly && (
    <div className="buttons">
      <SubmitButton label={submitLabel} isBusy={isBusy} />
    </div>
  );
  return (
    <Form
      className="body-form"
      onSubmit={(event) => {
        event.preventDefault();
        attempt();
      }}
    >
      {isReadOnly && <Notice tone="plain">{words.form.readOnly}</Notice>}
      {error !== undefined && (
        <Notice tone="bad">
          {isConflict(error)
            ? words.form.changed
            : fill(words.form.problem, {
                message:
                  problem && !isShownAtField
                    ? `${problem.field}: ${problem.message}`
                    : messageOf(error),
              })}
        </Notice>
      )}
      <Tabs>
        <TabList aria-label={words.form.form} className="tabs">
          <Tab id="form">{words.form.form}</Tab>
          <Tab id="json">{words.form.json}</Tab>
          {tabs.map(({ id, label }) => (
            <Tab key={id} id={id}>
              {label}
            </Tab>
          ))}
        </TabList>
        <TabPanel id="form" className="fields">
          {shown.map((field) => (
            <MemberField
              key={field.name}
              field={field}
              value={body[field.name]}
              onChange={(value) => setBody((now) => withMember(now, field.name, value))}
              path={field.name}
              problem={problem}
              isReadOnly={isReadOnly}
            />
          ))}
          {buttons}
        </TabPanel>
        <TabPanel id="json" className="fields">
          <JsonField
            label={words.form.json}
            value={body}
            onChange={(value) => {
              if (typeof value === 'object' && value !== null && !Array.isArray(value))
                setBody(value as Body);
            }}
            isReadOnly={isReadOnly}
          />
          {buttons}
        </TabPanel>
        {tabs.map(({ id, content }) => (
          <TabPanel key={id} id={id}>
            {content}
          </TabPanel>
        ))}
      </Tabs>
    </Form>
  );
}

function problemOf(error: unknown): FieldProblem | undefined {
  return error instanceof ApiError && error.field !== undefined
    ? { field: error.field, message: error.message }
    : undefined;
}

function isConflict(error: unknown): boolean {
  return isAppError(error, 'ERR_WEB_API') && error.status === 412;
}

function isOneOf(fields: readonly FieldModel[], path: string): boolean {
  const first = path.split(/[.[]/, 1)[0]?.toLowerCase();
  return fields.some(({ name }) => name.toLowerCase() === first);
}
