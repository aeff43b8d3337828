/** The element with this id; a page without it was built wrong. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element #${id}.`);
  return found;
}

/** The button with this id. */
export function buttonById(id: string): HTMLButtonElement {
  const found = byId(id);
  if (!(found instanceof HTMLButtonElement)) throw new Error(`#${id} is not a button.`);
  return found;
}

/** The drop-down list with this id. */
export function selectById(id: string): HTMLSelectElement {
  const found = byId(id);
  if (!(found instanceof HTMLSelectElement)) throw new Error(`#${id} is not a list.`);
  return found;
}

/** A new element with classes and text. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  text = '',
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Sets the text only where it differs, so that a selection and a screen reader's queue survive a refresh. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Shows a figure as text and keeps the exact value in `data-value`. */
export function setFigure(target: HTMLElement, text: string, value: number | string | null): void {
  setText(target, text);
  if (value === null) delete target.dataset.value;
  else target.dataset.value = String(value);
}

/** Shows a message in its place, or hides the place where there is none. */
export function setNotice(target: HTMLElement, message: string | null): void {
  setText(target, message ?? '');
  target.hidden = message === null || message === '';
}
