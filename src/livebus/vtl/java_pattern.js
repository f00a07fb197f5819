// Finds a regular expression's matches in an engine that can be ended in the middle of it.
//
// In: as JSON, a pattern and flags of JavaScript, a text, how many matches at most. Out: JSON: for each match the text before it,
// the match and its groups; the text behind the last; the milliseconds that it took. A pattern that does not compile throws
// SyntaxError.
(() => {
  const { Date, RegExp, JSON } = globalThis;
  return (given) => {
    const [source, flags, text, limit] = JSON.parse(given);
    const begin = Date.now();
    const pattern = new RegExp(source, flags + "g");
    const matches = [];
    let end = 0;
    for (const match of limit > 0 ? text.matchAll(pattern) : []) {
      matches.push([text.slice(end, match.index), ...match]);
      end = match.index + match[0].length;
      if (matches.length === limit) break;
    }
    return JSON.stringify({ matches, rest: text.slice(end), millis: Date.now() - begin });
  };
})()
