// Provenance: written for Livebus; the rules are those of AWS's linter for AppSync (no-async, no-await, no-promise).
// refused: 8:8 no-async
// refused: 9:3 no-promise
// refused: 10:17 no-await
// refused: 10:23 no-undef
// refused: 11:3 no-await
// refused: 12:14 no-promise
export async function request(ctx) {
  setTimeout(later);
  const found = await fetch("https://example.com");
  for await (const item of ctx.args.items) console.log(item);
  const q = [Promise.resolve(found), async () => 1, import("./other.js")];
  return { payload: q };
}
// refused: 9:3 no-function-passing
// refused: 12:38 no-async
// refused: 12:53 no-import
function later() {}
export const response = (ctx) => ctx.result;
