// Provenance: written for Livebus; the cases are those that AWS's linter names (recursion, passing, returning, reassigning).
function factorial(n) { return n < 2 ? 1 : n * factorial(n - 1); }
function ping(n) { return pong(n); }
const pong = (n) => [n].map((m) => ping(m));
const apply = (f) => f(1);
const twice = (n) => n * 2;
const maker = () => () => 1;
function makes() { return twice; }
const again = twice;
let other;
export function request(ctx) {
  other = twice;
  apply(twice);
  apply((n) => n);
  [3, 1, 2].sort((a, b) => a - b);
  return { payload: [1, 2].map(twice).filter((n) => n > 2).reduce((sum, n) => sum + n, 0) };
}
export function response(ctx) { return ctx.result; }
// refused: 2:48 no-recursion
// refused: 3:27 no-recursion
// refused: 4:36 no-recursion
// refused: 7:15 no-function-return
// refused: 8:20 no-function-return
// refused: 9:7 no-function-reassign
// refused: 12:3 no-function-reassign
// refused: 13:3 no-function-passing
// refused: 14:3 no-function-passing
// refused: 15:3 no-sort-argument
