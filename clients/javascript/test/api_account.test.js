/** Accounts and sessions: signing up and in, renewing, other tabs, blocked storage and wrong clocks. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { failing, withService } from "./api_stage.js";
import { exception, FakeStore, problem, signedIn, tokenOf } from "./loopback.js";

const own = { body: { userId: "ann", userName: "Ann", scores: [] } };
const DAY = 86_400_000;

test("player signs up, confirms, signs in and out", withService(async ({ service, open }) => {
  const api = open();
  /** @type {(string | null)[]} */
  const players = [];
  api.on("player", ({ userId }) => players.push(userId));
  for (const operation of ["SignUp", "ResendConfirmationCode", "ConfirmSignUp", "RevokeToken"]) service.on(operation, { body: {} });
  service.on("InitiateAuth", signedIn("ann"));
  await api.account.signUp("ann@example.com", "Correct-Horse-9");
  await api.account.resend("ann@example.com");
  await api.account.confirm("ann@example.com", "123456");
  assert.equal(api.account.userId, null);
  assert.deepEqual(await api.account.signIn("ann@example.com", "Correct-Horse-9"), { userId: "ann" });
  assert.equal(api.account.userId, "ann");
  await api.account.signOut();
  assert.equal(api.account.userId, null);
  assert.deepEqual(players, ["ann", null]);
  assert.deepEqual(service.heard.map(({ route, body: { ClientId, ...body } }) => [route, ClientId, body]), [
    ["SignUp", "web", { Username: "ann@example.com", Password: "Correct-Horse-9", UserAttributes: [{ Name: "email", Value: "ann@example.com" }] }],
    ["ResendConfirmationCode", "web", { Username: "ann@example.com" }],
    ["ConfirmSignUp", "web", { Username: "ann@example.com", ConfirmationCode: "123456" }],
    ["InitiateAuth", "web", { AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: "ann@example.com", PASSWORD: "Correct-Horse-9" } }],
    ["RevokeToken", "web", { Token: "refresh-ann" }],
  ]);
  await assert.rejects(api.scores(), failing({ code: "sign_in_required" }));
}));

test("forgotten password is set again with a code", withService(async ({ service, open }) => {
  const { account } = open();
  service.on("ForgotPassword", { body: {} }).on("ConfirmForgotPassword", { body: {} });
  await account.forgotPassword("ann@example.com");
  await account.resetPassword("ann@example.com", "123456", "Better-Horse-10");
  assert.deepEqual(service.heard.map(({ body }) => body), [
    { ClientId: "web", Username: "ann@example.com" },
    { ClientId: "web", Username: "ann@example.com", ConfirmationCode: "123456", Password: "Better-Horse-10" },
  ]);
}));

test("refusals of Cognito have stable codes, and none is tried again", withService(async ({ service, open }) => {
  const { account } = open();
  const cases = /** @type {[string, string, string][]} */ ([
    ["NotAuthorizedException", "Incorrect username or password.", "not_authorized"],
    ["NotAuthorizedException", "Password attempts exceeded", "too_many_failed_attempts"],
    ["UserNotFoundException", "User does not exist.", "user_not_found"],
    ["UsernameExistsException", "User already exists", "username_exists"],
    ["InvalidPasswordException", "Password did not conform with policy", "invalid_password"],
    ["InvalidParameterException", "Invalid email address format.", "invalid_parameter"],
    ["CodeMismatchException", "Invalid verification code", "code_mismatch"],
    ["ExpiredCodeException", "Invalid code provided", "expired_code"],
    ["CodeDeliveryFailureException", "Undeliverable", "code_delivery_failure"],
    ["UserNotConfirmedException", "User is not confirmed.", "user_not_confirmed"],
    ["PasswordResetRequiredException", "Password reset required", "password_reset_required"],
    ["LimitExceededException", "Attempt limit exceeded, please try after some time.", "limit_exceeded"],
    ["LimitExceededException", "Exceeded daily email limit for the operation or the account.", "email_limit"],
    ["TooManyFailedAttemptsException", "Too many", "too_many_failed_attempts"],
    ["TooManyRequestsException", "Rate exceeded", "too_many_requests"],
    ["SomethingNewException", "New", "something_new"],
  ]);
  for (const [name, detail, code] of cases) {
    service.on("SignUp", exception(name, detail));
    await assert.rejects(account.signUp("ann@example.com", "x"), failing({ code, status: 400, detail, temporary: /^too_many|^limit/.test(code) }));
  }
  assert.equal(service.heard.length, cases.length);
  service.on("SignUp", "cut");
  await assert.rejects(account.signUp("ann@example.com", "x"), failing({ code: "connection_failed" }));
  assert.equal(service.heard.length, cases.length + 1);
}));

test("account that was confirmed before is confirmed, and a wrong code is not", withService(async ({ service, open }) => {
  const { account } = open();
  service.on("ConfirmSignUp", exception("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"));
  await account.confirm("ann@example.com", "123456");
  service.on("ConfirmSignUp", exception("CodeMismatchException"));
  await assert.rejects(account.confirm("ann@example.com", "123456"), failing({ code: "code_mismatch" }));
}));

test("sign-in that needs another step, or is another player's, changes nothing", withService(async ({ service, open }) => {
  const { account } = open();
  service.on("InitiateAuth", { body: { ChallengeName: "NEW_PASSWORD_REQUIRED" } });
  await assert.rejects(account.signIn("ann@example.com", "x"), failing({ code: "challenge" }));
  service.on("InitiateAuth", signedIn("bob"));
  await assert.rejects(account.signIn("bob@example.com", "x", { userId: "ann" }), failing({ code: "another_player" }));
  assert.equal(account.userId, null);
}));

test("token is renewed before it ends, once for all who wait, and kept meanwhile", withService(async ({ service, open }) => {
  let now = 0;
  const { account } = open({ now: () => now });
  service.on("InitiateAuth", signedIn("ann"));
  await account.signIn("ann@example.com", "x");
  const first = await account.token();
  assert.equal(await account.token(), first);
  now = 3_600_000 - 60_000;
  service.on("InitiateAuth", signedIn("ann", {}));
  const [second, third] = await Promise.all([account.token(), account.token()]);
  assert.ok(second !== first && second === third);
  assert.deepEqual(service.heard.slice(1).map(({ body }) => [body.AuthFlow, body.AuthParameters]), [
    ["REFRESH_TOKEN_AUTH", { REFRESH_TOKEN: "refresh-ann" }],
  ]);
}));

test("token that the gateway refuses is renewed and the call sent again, however wrong the clock is", withService(async ({ service, open }) => {
  let now = Date.now() + DAY;
  const api = open({ now: () => now });
  service.on("InitiateAuth", signedIn("ann"));
  await api.account.signIn("ann@example.com", "x");
  now -= 2 * DAY; // The clock was put right, and more: by it the token never ends.
  service.on("GET /me/scores", { status: 401, body: { message: "Unauthorized" } }, own);
  service.on("POST /boards/global/tickets", { status: 401, body: { message: "Unauthorized" } }, { status: 201, body: { ticket: "t" } });
  assert.equal((await api.scores()).userId, "ann");
  await api.ticket("global", "quiz");
  const tokens = service.heard.filter(({ route }) => route !== "InitiateAuth").map(({ headers }) => headers.authorization);
  assert.equal(tokens.length, 4);
  assert.equal(service.of("InitiateAuth").length, 3);
}));

test("refusal that a page cannot read looks like no answer, and is answered by a new token once a minute", withService(async ({ service, open }) => {
  const api = open();
  service.on("InitiateAuth", signedIn("ann"));
  await api.account.signIn("ann@example.com", "x");
  service.on("POST /boards/global/tickets", "cut", { status: 201, body: { ticket: "t" } }, "cut");
  assert.equal((await api.ticket("global", "quiz")).ticket, "t");
  await assert.rejects(api.ticket("global", "quiz"), failing({ code: "connection_failed" }));
  assert.equal(service.of("POST /boards/global/tickets").length, 3);
}));

test("session that was revoked ends, and a renewal that fails in passing does not end it", withService(async ({ service, open }) => {
  const api = open();
  service.on("InitiateAuth", signedIn("ann"));
  await api.account.signIn("ann@example.com", "x");
  service.on("GET /me/scores", { status: 401, body: { message: "Unauthorized" } });
  for (const reaction of ["cut", exception("TooManyRequestsException"), { status: 500, body: { __type: "InternalErrorException" } }]) {
    service.on("InitiateAuth", /** @type {any} */ (reaction));
    await assert.rejects(api.account.token({ renew: true }));
    assert.equal(api.account.userId, "ann");
  }
  service.on("InitiateAuth", exception("NotAuthorizedException", "Refresh Token has been revoked"));
  await assert.rejects(api.scores(), failing({ code: "session_ended", status: 401 }));
  assert.equal(api.account.userId, null);
  await assert.rejects(api.scores(), failing({ code: "sign_in_required" }));
}));

test("session is there again on the next page, and is a session of this web client alone", withService(async ({ service, open }) => {
  const storage = new FakeStore();
  service.on("InitiateAuth", signedIn("ann")).on("GET /me/scores", own);
  await open({ storage }).account.signIn("ann@example.com", "x");
  const next = open({ storage });
  assert.equal(next.account.userId, "ann");
  await next.scores();
  assert.equal(service.of("InitiateAuth").length, 1);
  assert.equal(open({ storage, webClientId: "another", cognito: service.url }).account.userId, null);
}));

test("tabs of one browser share the session", withService(async ({ service, open }) => {
  const tabs = new EventTarget();
  Object.assign(globalThis, { addEventListener: tabs.addEventListener.bind(tabs), removeEventListener: tabs.removeEventListener.bind(tabs) });
  const change = (/** @type {string} */ key) => tabs.dispatchEvent(Object.assign(new Event("storage"), { key }));
  try {
    const storage = new FakeStore();
    const [first, second] = [open({ storage }), open({ storage })];
    /** @type {(string | null)[]} */
    const players = [];
    second.on("player", ({ userId }) => players.push(userId));
    service.on("InitiateAuth", signedIn("ann")).on("RevokeToken", { body: {} });
    await first.account.signIn("ann@example.com", "x");
    change("another");
    assert.equal(second.account.userId, null);
    change("leaderboard:web");
    assert.equal(second.account.userId, "ann");
    // The second tab's refresh token was revoked by the first, which has signed in again.
    service.on("InitiateAuth", signedIn("ann", { RefreshToken: "newer" }));
    await first.account.signIn("ann@example.com", "x");
    service.on("InitiateAuth", exception("NotAuthorizedException", "Refresh Token has been revoked"));
    assert.equal(await second.account.token({ renew: true }), await first.account.token());
    await first.account.signOut();
    change("leaderboard:web");
    assert.deepEqual(players, ["ann", null]);
    second.close();
    service.on("InitiateAuth", signedIn("bob"));
    await first.account.signIn("bob@example.com", "x");
    change("leaderboard:web");
    assert.equal(second.account.userId, null, "a closed one listens no more");
  } finally {
    Reflect.deleteProperty(globalThis, "addEventListener");
    Reflect.deleteProperty(globalThis, "removeEventListener");
  }
}));

test("blocked or full storage leaves the session in memory", withService(async ({ service, open }) => {
  const refuse = () => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  };
  const blocked = { length: 0, key: refuse, getItem: refuse, setItem: refuse, removeItem: refuse };
  service.on("InitiateAuth", signedIn("ann")).on("GET /me/scores", own).on("RevokeToken", { body: {} });
  const api = open({ storage: blocked });
  await api.account.signIn("ann@example.com", "x");
  assert.equal((await api.scores()).userId, "ann");
  await api.account.signOut();
  assert.equal(api.account.userId, null);
  // Reading `localStorage` itself throws where a browser blocks it.
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get: refuse });
  Object.assign(globalThis, { document: {} });
  try {
    const page = open({ storage: undefined });
    await page.account.signIn("ann@example.com", "x");
    assert.equal(page.account.userId, "ann");
  } finally {
    Reflect.deleteProperty(globalThis, "localStorage");
    Reflect.deleteProperty(globalThis, "document");
  }
}));

test("token function gives every token, and is asked for a new one when its last was refused", withService(async ({ service, open }) => {
  /** @type {boolean[]} */
  const asked = [];
  const api = open({
    token: async ({ renew }) => {
      asked.push(renew);
      return tokenOf("ann");
    },
  });
  service.on("GET /me/scores", { status: 401, body: { message: "Unauthorized" } }, own);
  await api.scores();
  assert.deepEqual(asked, [false, true]);
  service.on("GET /me/scores", { status: 401, body: { message: "Unauthorized" } });
  await assert.rejects(api.scores(), failing({ code: "unauthorized", status: 401 }));
  await assert.rejects(api.account.signIn("ann@example.com", "x"), TypeError);
  await assert.rejects(open({ token: () => undefined }).scores(), failing({ code: "sign_in_required" }));
}));

test("deleted account is signed out, and one that must sign in again is not", withService(async ({ service, open }) => {
  const api = open();
  service.on("InitiateAuth", signedIn("ann")).on("RevokeToken", exception("NotAuthorizedException"));
  await api.account.signIn("ann@example.com", "x");
  service.on("DELETE /me", problem(403, "sign_in_again"), problem(503, "unavailable"), { status: 204 });
  await assert.rejects(api.deleteAccount(), failing({ code: "sign_in_again" }));
  await api.account.signIn("ann@example.com", "x", { userId: "ann" });
  await api.deleteAccount();
  assert.equal(api.account.userId, null);
}));
