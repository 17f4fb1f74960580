import { hash } from 'node:crypto';
import { join } from 'node:path';

/** Folders inside `rules/` of the data folder: what imports put there, in force and not yet. */
export const IMPORTED = 'imported';
export const DRAFTS = 'drafts';

const IMPORTED_FILE = /(^|\/)rules\/(imported|drafts)\//;
const DRAFT_FILE = /(^|\/)rules\/drafts\//;

/** Whether an import may replace a rule of this file. */
export function isImported(file: string): boolean {
  return IMPORTED_FILE.test(file);
}

/** Whether the rules of this file are drafts until somebody switches them on. */
export function isDraftFile(file: string): boolean {
  return DRAFT_FILE.test(file);
}

/** The file of an imported rule; one a rule, so that a later import replaces it. */
export function ruleFileName(id: string): string {
  return `${/^[\w-]{1,100}$/.test(id) ? id : hash('sha256', id).slice(0, 32)}.yml`;
}

/** The folder in which rules are taken over. */
export function takenFolder(data: string, as: 'draft' | 'enabled'): string {
  return join(data, 'rules', as === 'draft' ? DRAFTS : IMPORTED);
}
