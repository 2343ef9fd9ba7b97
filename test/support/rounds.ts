/**
 * How often something random or racing is tried: `rounds({ ci: 20, night: 200 })`. `npm run test:night` asks for the
 * second number by CAIRN_TEST_ROUNDS=night, everything else gets the first.
 */
export function rounds(of: { readonly ci: number; readonly night: number }): number {
  return process.env['CAIRN_TEST_ROUNDS'] === 'night' ? of.night : of.ci;
}
