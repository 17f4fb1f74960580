const COMING: Readonly<Record<string, string>> = {
  taxii: 'loading a TAXII data file comes with the national role',
};

/** Commands whose place is kept: one sentence, exit code 2. */
export async function run(args: readonly string[], name: string): Promise<number> {
  const sentence = `haidang ${name}: not here yet: ${COMING[name] ?? 'this command comes later'}.`;
  if (args.includes('--help') || args.includes('-h')) {
    console.log(sentence);
    return 0;
  }
  console.error(sentence);
  return 2;
}
