import type { Confirmation } from '../../shared/protocol/runActions.ts';
import { element } from '../page/dom.ts';

const YES = 'yes';
const NO = 'no';

/**
 * A dialog that asks before an action.
 * @param action its name, for ids.
 * @param agreed called each time that the answer is yes.
 * @returns what opens it.
 */
export function createConfirmation(action: string, asked: Confirmation, agreed: () => void): () => void {
  const title = element('h2', '', asked.question);
  title.id = `${action}-question`;
  const buttons = element('div', 'controls');
  buttons.append(
    answerButton('button', NO, asked.no, `cancel-${action}`),
    answerButton('button danger', YES, asked.yes, `confirm-${action}`),
  );
  const form = element('form');
  form.method = 'dialog';
  form.append(title, element('p', '', asked.consequence), buttons);
  const dialog = element('dialog', 'card');
  dialog.setAttribute('aria-labelledby', title.id);
  dialog.append(form);
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === YES) agreed();
  });
  document.body.append(dialog);
  return () => {
    // Escape closes the dialog with the value it had before, which must not be that of an earlier yes.
    dialog.returnValue = NO;
    dialog.showModal();
  };
}

function answerButton(classes: string, value: string, label: string, testId: string): HTMLButtonElement {
  const button = element('button', classes, label);
  button.value = value;
  button.dataset.testid = testId;
  return button;
}
