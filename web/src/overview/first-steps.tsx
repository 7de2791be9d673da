import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Operation } from '../api/operations.ts';
import { nameOf } from '../entities/cell.tsx';
import { useMay } from '../session/use-session.ts';
import { PROTECTING } from '../wizard/plan.ts';
import { fill, words } from '../words/index.ts';
import { FIRST_STEPS, isStepDone, nextStep, type FirstStep } from './next-step.ts';
import type { Found } from './use-beginning.ts';

const texts = words.firstSteps;

/** The way from an empty network to the first application, and where on it one is. */
export function FirstSteps({ found }: { found: Found }) {
  const next = nextStep(found);
  return (
    <section className="card first-steps">
      <h2>{texts.heading}</h2>
      <p>{texts.text}</p>
      <ol>
        {FIRST_STEPS.map((step) => (
          <li key={step} aria-current={step === next ? 'step' : undefined}>
            <h3>
              {texts.steps[step].title} <State step={step} found={found} isNext={step === next} />
            </h3>
            <p>{texts.steps[step].text}</p>
            <div className="buttons">
              <Ways step={step} found={found} isNext={step === next} />
            </div>
          </li>
        ))}
      </ol>
      <p className="hint">{texts.gateway}</p>
    </section>
  );
}

interface StepProps {
  step: FirstStep;
  found: Found;
  isNext: boolean;
}

function State({ step, found, isNext }: StepProps) {
  if (isStepDone(step, found)) return <span className="state good">{texts.done}</span>;
  return isNext && <span className="state">{texts.next}</span>;
}

/** Where a step is made. */
function Ways({ step, found, isNext }: StepProps): ReactNode {
  const may = useMay();
  // The one that is next stands out.
  const className = isNext ? 'button' : undefined;
  switch (step) {
    case 'router':
      if (found.expected)
        return (
          <Link
            className={className}
            to="/$kind/$id"
            params={{ kind: 'edge-routers', id: found.expected.id }}
          >
            {fill(texts.toRouter, { name: nameOf(found.expected) })}
          </Link>
        );
      return (
        found.router === 'absent' && (
          <New kind="edge-routers" label={texts.newRouter} className={className} />
        )
      );
    case 'signIn':
      return (
        <>
          <New kind="external-jwt-signers" label={texts.newProvider} className={className} />
          <New kind="identities" label={texts.newPerson} />
        </>
      );
    case 'application':
      return (
        PROTECTING.every(may) && (
          <Link className={className} to="/protect">
            {words.pages.protect}
          </Link>
        )
      );
  }
}

interface NewProps {
  kind: string;
  label: string;
  className?: string | undefined;
}

function New({ kind, label, className }: NewProps) {
  const may = useMay();
  return (
    may(`post /${kind}` as Operation) && (
      <Link className={className} to="/$kind/new" params={{ kind }}>
        {label}
      </Link>
    )
  );
}
