/** What is to be done first on a network that cannot carry anybody to anything yet. */

export interface Beginning {
  /** `absent`: none was made; `expected`: one was made and never came; `here`: one has enrolled. */
  readonly router: 'absent' | 'expected' | 'here';
  /** Somebody beside the first administrator can prove who they are. */
  readonly hasSignIn: boolean;
  readonly hasService: boolean;
}

export type FirstStep = 'router' | 'signIn' | 'application';

export const FIRST_STEPS: readonly FirstStep[] = ['router', 'signIn', 'application'];

/** Whether steps are still to be shown: afterwards what is missing is a fault, and no beginning. */
export function isBeginning({ router, hasService }: Beginning): boolean {
  return router !== 'here' || !hasService;
}

export function isStepDone(step: FirstStep, beginning: Beginning): boolean {
  switch (step) {
    case 'router':
      return beginning.router === 'here';
    case 'signIn':
      return beginning.hasSignIn;
    case 'application':
      return beginning.hasService;
  }
}

/** The step to point at; `undefined`: all are done. */
export function nextStep(beginning: Beginning): FirstStep | undefined {
  return FIRST_STEPS.find((step) => !isStepDone(step, beginning));
}
