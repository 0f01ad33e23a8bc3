/** What the page says of failures in English, by their codes. */

export const failures = {
  "failure.page": "Something went wrong on this page. Reload it, then try again.",
  "failure.other": "The service did not accept this. Try again.",
  "failure.invalid": "That is not valid. Check it.",
  "failure.unreachable": "The service cannot be reached. Check your connection, then try again.",
  "failure.unavailable": "The service is busy. Nothing was changed. Try again.",
  "failure.internal": "The service failed. Try again. If it fails again, tell the people who run the game.",
  "failure.judge_failed": "The service could not check your answer. Nothing was used up.",
  "failure.rate_limited": {
    one: "That was too often. Nothing was used up. Try again in a second.",
    other: "That was too often. Nothing was used up. Try again in {count} seconds.",
  },

  "failure.NotAuthorizedException": "The e-mail or the password is wrong.",
  "failure.UserNotFoundException": "There is no account with this e-mail.",
  "failure.UserNotConfirmedException": "This e-mail address is not confirmed yet. Sign in to confirm it.",
  "failure.UsernameExistsException": "There is an account with this e-mail already. Sign in instead.",
  "failure.InvalidPasswordException": "The password needs at least 10 characters, with a lower-case letter, an upper-case letter and a number.",
  "failure.CodeMismatchException": "This is not the code that was sent. Check it, or ask for a new one.",
  "failure.ExpiredCodeException": "This code has expired. Ask for a new one.",
  "failure.CodeDeliveryFailureException": "The code could not be sent to this address.",
  "failure.PasswordResetRequiredException": "This password was reset. Set a new one before you sign in.",
  "failure.manyAttempts": "Too many attempts. Wait a few minutes, then try again.",
  "failure.manyEmails": "No more e-mails can be sent today. Try again tomorrow, or tell the people who run the game.",
  "failure.challenge": "This account needs another step to sign in, which this page cannot do.",

  "failure.session_ended": "You have been signed out, because your session ended. Sign in again.",
  "failure.sign_in_again": "You signed in more than 10 minutes ago. Enter your e-mail and your password, then delete the account.",
  "failure.another_player": "This is another player's sign-in. Enter the e-mail and the password of the account that you delete.",
  "failure.barred": "This player may not score here. Ask the people who run the game.",
  "failure.score_limit": "This would pass the highest score of this board. Your score stays as it is.",
  "failure.ticket_expired": "Too late: this attempt has expired. Start again.",
  "failure.ticket_invalid": "The service refused this attempt: it does not belong to you, to this board or to this game. Start again.",
  "failure.ticket_superseded": "You started or completed this somewhere else after this attempt, so this one no longer counts. Start again.",
  "failure.ticket_too_early": "Too early: the service does not count it yet.",

  "trouble.unreachable": "Connection lost.",
  "trouble.judge_failed": "The service could not check your answer.",
  "trouble.ticket_too_early": "Too early.",
  "trouble.tooOften": "That was too often.",
  "trouble.busy": "The service is busy.",
};
