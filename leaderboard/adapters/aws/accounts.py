"""Players' sign-ins, in the Cognito user pool."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.adapters.aws.clients import client, translated


@dataclass(frozen=True)
class CognitoAccounts:
    user_pool_id: str

    def delete(self, account: str) -> None:
        """Delete a sign-in by its user name, which may be gone already; raises Unavailable."""
        pool = client("cognito-idp")
        with translated():
            try:
                pool.admin_delete_user(UserPoolId=self.user_pool_id, Username=account)
            except pool.exceptions.UserNotFoundException:
                return
