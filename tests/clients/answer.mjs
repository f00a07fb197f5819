// One command, and its answer as JSON has it: {"value": …}, or {"error": {…}} with what the client said.

export async function answer(commands, { command, ...given }) {
  try {
    return { value: (await commands[command](given)) ?? null };
  } catch (error) {
    return { error: described(error) };
  }
}

function described(error) {
  // A GraphQL result with errors is what Amplify rejects with; Apollo throws one error that holds them all.
  const { name, message, errors } = error;
  return { name, message, errors: errors?.map(({ errorType, message, path }) => ({ errorType, message, path })) };
}
