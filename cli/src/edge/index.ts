import type { Command } from 'commander';
import { examples } from '../commands/option-forms.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { addCreateCommand } from './create.ts';
import { addDeleteCommand } from './delete.ts';
import { addEnrollCommand } from './enroll.ts';
import { addIdentityActions } from './identity-actions.ts';
import { addListCommand } from './list.ts';
import { addLoginCommand } from './login.ts';
import { addMaintenanceCommands } from './maintenance.ts';
import { addPolicyAdvisor } from './policy-advisor.ts';
import { addProfileCommands } from './profiles.ts';
import { addShowCommand } from './show.ts';
import { addUpdateCommand } from './update.ts';
import { addVerifyCommand } from './verify-ca.ts';
import { addWatchCommand } from './watch.ts';

export { addFabricCommand } from './fabric.ts';

/** `postern edge`: administration through the Management API. */
export function addEdgeCommand(program: Command, terminal: Terminal): void {
  const edge = program
    .command('edge')
    .summary('administer identities, services, policies, routers')
    .description('Administration through a controller’s Management API')
    .addHelpText(
      'after',
      examples(
        'postern edge login 127.0.0.1:1280 -u admin',
        'postern edge list identities',
        'postern edge create service wiki -a internal',
      ),
    );
  addLoginCommand(edge, terminal);
  addProfileCommands(edge, terminal);
  addListCommand(edge, terminal);
  addShowCommand(edge, terminal);
  addCreateCommand(edge, terminal);
  addUpdateCommand(edge, terminal);
  addDeleteCommand(edge, terminal);
  addEnrollCommand(edge, terminal);
  addVerifyCommand(edge, terminal);
  addIdentityActions(edge, terminal);
  addPolicyAdvisor(edge, terminal);
  addMaintenanceCommands(edge, terminal);
  addWatchCommand(edge, terminal);
}
