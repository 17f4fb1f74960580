import { ROLES, type Role } from '../identity.ts';

/** Reads a list of roles; from the environment, one text with commas. @throws Error */
export function roleNames(value: unknown): readonly Role[] {
  const names: unknown = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
  if (!Array.isArray(names)) throw new Error('must be a list of roles');
  return names
    .filter((name) => name !== '')
    .map((name: unknown) => {
      const role = ROLES.find((one) => one === name);
      if (!role) throw new Error(`must name roles of ${ROLES.join(', ')}`);
      return role;
    });
}
