/** Signing in: a form of our own over Amplify's Auth, with the new password that Cognito asks a user for whom somebody else made. */
import { confirmSignIn, signIn } from "aws-amplify/auth";

import { element } from "./elements.ts";
import { messageOf } from "./feed.ts";

const NEW_PASSWORD = "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED";

const REFUSED: ReadonlySet<string> = new Set([
  "NotAuthorizedException",
  "TokenRevokedException",
  "UserNotFoundException",
  "PasswordResetRequiredException",
  "UserNotConfirmedException",
  "RefreshTokenReuseException",
]);

interface Field {
  readonly label: string;
  readonly type: "text" | "password";
  readonly autocomplete: "username" | "current-password" | "new-password";
}

/** Whether Cognito has refused to prolong a sign-in, by the name of its error; anything else may pass. */
export function isRefused(error: unknown): boolean {
  const name = (error as { name?: unknown } | null)?.name;
  return typeof name === "string" && REFUSED.has(name);
}

/** The view; `done` is called once somebody has signed in. */
export function signInView(done: () => void, told = ""): HTMLElement {
  const view = element("div", { className: "sign-in" });
  const name: Field = { label: "User name", type: "text", autocomplete: "username" };
  const password: Field = { label: "Password", type: "password", autocomplete: "current-password" };
  const chosen: Field = { label: "New password", type: "password", autocomplete: "new-password" };

  const next = (step: string): void => {
    if (step === "DONE") done();
    else if (step === NEW_PASSWORD) askForNewPassword();
    else throw new Error(`This app cannot go on with ${step}: see src/sign-in.ts.`);
  };
  const askForNewPassword = (): void => {
    const words = "Your password was made for you. Choose one of your own.";
    const form = formOf("Choose a password", words, [chosen], "Save and sign in", async ([value = ""]) => {
      next((await confirmSignIn({ challengeResponse: value })).nextStep.signInStep);
    });
    view.replaceChildren(form);
    form.querySelector("input")?.focus();
  };
  const words = told || "See what your orders brought you, the moment they are placed.";
  view.append(
    formOf("Orders and points", words, [name, password], "Sign in", async ([username = "", value = ""]) => {
      next((await signIn({ username: username.trim(), password: value })).nextStep.signInStep);
    }),
  );
  return view;
}

function formOf(
  title: string,
  words: string,
  fields: readonly Field[],
  action: string,
  send: (values: string[]) => Promise<void>,
): HTMLFormElement {
  const inputs = fields.map(({ type, autocomplete }) =>
    element("input", { type, required: true, id: `field-${autocomplete}`, attributes: { autocomplete } }),
  );
  const problem = element("p", { className: "problem", attributes: { role: "alert" } });
  const button = element("button", { type: "submit", className: "primary" }, action);
  const form = element(
    "form",
    {},
    element("h1", {}, title),
    element("p", { className: "words" }, words),
    ...inputs.flatMap((input, index) => [element("label", { htmlFor: input.id }, fields[index]?.label ?? ""), input]),
    problem,
    button,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.ariaDisabled === "true") return;
    // Not `disabled`: the focus would be lost.
    button.ariaDisabled = "true";
    problem.textContent = "";
    void send(inputs.map((input) => input.value))
      .catch((error: unknown) => {
        problem.textContent = messageOf(error);
        inputs.at(-1)?.focus();
      })
      .finally(() => {
        button.ariaDisabled = null;
      });
  });
  return form;
}
