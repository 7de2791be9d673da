/** Ids with the names they have at this router, for people. */
import type { RouterState } from '../state/router-state.ts';

interface Named {
  id: string;
  name: string;
}

export class Names {
  readonly #state: RouterState;

  constructor(state: RouterState) {
    this.#state = state;
  }

  router(id: string): Named {
    return { id, name: this.#state.get('router', id)?.name ?? id };
  }

  service(id: string): Named {
    return { id, name: this.#state.get('service', id)?.name ?? id };
  }

  identity(id: string): Named {
    return { id, name: this.#state.get('identity', id)?.name ?? id };
  }
}
