/** What the page says of failures in German. The keys are those of `failures_en.js`. */

/** @type {Record<keyof typeof import("./failures_en.js").failures, import("./index.js").Message>} */
export const failures = {
  "failure.page": "Auf dieser Seite ging etwas schief. Lade sie neu und versuche es noch einmal.",
  "failure.invalid": "Das ist nicht gültig. Prüfe es.",
  "failure.connection_failed": "Der Dienst ist nicht erreichbar. Prüfe deine Verbindung und versuche es noch einmal.",
  "failure.answer_unusable": "Statt des Dienstes hat etwas anderes geantwortet, vielleicht die Anmeldeseite eines Netzes. Prüfe deine Verbindung und versuche es noch einmal.",
  "failure.unavailable": "Der Dienst ist ausgelastet. Nichts wurde geändert. Versuche es noch einmal.",
  "failure.internal": "Im Dienst ist ein Fehler aufgetreten. Versuche es noch einmal. Bleibt es dabei, sag es den Betreibern des Spiels.",
  "failure.judge_failed": "Der Dienst konnte deine Antwort nicht prüfen. Nichts wurde verbraucht.",
  "failure.rate_limited": {
    one: "Das war zu oft. Nichts wurde verbraucht. Versuche es in einer Sekunde noch einmal.",
    other: "Das war zu oft. Nichts wurde verbraucht. Versuche es in {count} Sekunden noch einmal.",
  },

  "failure.not_authorized": "Die E-Mail oder das Passwort ist falsch.",
  "failure.user_not_found": "Zu dieser E-Mail gibt es kein Konto.",
  "failure.user_not_confirmed": "Diese E-Mail-Adresse ist noch nicht bestätigt. Melde dich an, um sie zu bestätigen.",
  "failure.username_exists": "Zu dieser E-Mail gibt es schon ein Konto. Melde dich an.",
  "failure.invalid_password": "Das Passwort braucht mindestens 10 Zeichen, mit einem Kleinbuchstaben, einem Großbuchstaben und einer Ziffer.",
  "failure.code_mismatch": "Das ist nicht der gesendete Code. Prüfe ihn oder fordere einen neuen an.",
  "failure.expired_code": "Dieser Code ist abgelaufen. Fordere einen neuen an.",
  "failure.code_delivery_failure": "Der Code konnte nicht an diese Adresse gesendet werden.",
  "failure.password_reset_required": "Dieses Passwort wurde zurückgesetzt. Setze ein neues, bevor du dich anmeldest.",
  "failure.manyAttempts": "Zu viele Versuche. Warte ein paar Minuten und versuche es noch einmal.",
  "failure.email_limit": "Heute können keine E-Mails mehr gesendet werden. Versuche es morgen noch einmal oder sag es den Betreibern des Spiels.",
  "failure.challenge": "Dieses Konto braucht zum Anmelden einen weiteren Schritt, den diese Seite nicht kann.",

  "failure.session_ended": "Du wurdest abgemeldet, weil deine Sitzung endete. Melde dich wieder an.",
  "failure.sign_in_again": "Deine Anmeldung ist mehr als 10 Minuten her. Gib E-Mail und Passwort ein und lösche dann das Konto.",
  "failure.another_player": "Das ist die Anmeldung eines anderen Spielers. Gib E-Mail und Passwort des Kontos ein, das du löschst.",
  "failure.barred": "Dieser Spieler darf hier keine Punkte sammeln. Frag die Betreiber des Spiels.",
  "failure.score_limit": "Das überschreitet den Höchststand dieser Rangliste. Deine Punkte bleiben, wie sie sind.",
  "failure.ticket_expired": "Zu spät: Dieser Versuch ist abgelaufen. Beginne neu.",
  "failure.unconfirmed": "Der Dienst hat nicht rechtzeitig geantwortet. Vielleicht zählt es trotzdem: Sieh nach deinen Punkten.",
  "failure.ticket_invalid": "Der Dienst hat diesen Versuch abgelehnt: Er gehört nicht dir, nicht zu dieser Rangliste oder nicht zu diesem Spiel. Beginne neu.",
  "failure.ticket_superseded": "Du hast das nach diesem Versuch anderswo begonnen oder beendet, darum zählt dieser nicht mehr. Beginne neu.",
  "failure.ticket_too_early": "Zu früh: Der Dienst zählt es noch nicht.",

  "trouble.connection_failed": "Verbindung verloren.",
  "trouble.judge_failed": "Der Dienst konnte deine Antwort nicht prüfen.",
  "trouble.ticket_too_early": "Zu früh.",
  "trouble.tooOften": "Das war zu oft.",
  "trouble.busy": "Der Dienst ist ausgelastet.",
};
