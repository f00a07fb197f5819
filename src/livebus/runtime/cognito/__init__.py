"""
Amazon Cognito user pools as the local runtime serves them. The map of the package.

One sign-in's way, and the module that answers for each part of it::

    InitiateAuth, SignUp, AdminCreateUser … (JSON 1.1)
      │ actions          CognitoIdp: an action's name and request in, its answer or CognitoError out
      │ parameters       does the request have the form that the service model gives it
      ▼
    ┌ sign_in            passwords, SRP, NEW_PASSWORD_REQUIRED  ── livebus.srp (arithmetic), passwords (what is kept, policy)
    │ refresh            refresh tokens: use, rotation, revocation
    │ sign_up            SignUp and its code             account_recovery   a forgotten password and its code
    │ own_account        what an access token allows     administration     the Admin actions, ListUsers
    └ groups             groups and their members        descriptions       what the template says of pools and clients
      │ pages            one page of a list
      │ context          what all of them work with: clock, ids, randomness, codes, what waits (pending)
      ▼
    directory            pools and clients of the template, users of the store, by the names in requests
    users, store         what is kept, and the file it survives a restart in
    sign_ins, tokens     refresh tokens (hashed), signing keys, access and id tokens, the JWKS document

Nothing here opens a socket or asks for the time; the store alone touches a file. The runtime mounts ``actions`` on its
AWS endpoint, keeps ``SigningKeys``' PEM, and prints the lines that ``notify`` gets in the place of mail and SMS.
"""
