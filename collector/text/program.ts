const COMMAND = 'haidang collector';
let called = COMMAND;

/** Says how the person at this machine calls the program: the package has the collector alone. */
export function callProgram(name: string): void {
  called = name;
}

/** A text for people, with the commands in it as they are to be typed here. */
export function asTyped(text: string): string {
  return called === COMMAND ? text : text.replaceAll(COMMAND, called);
}
