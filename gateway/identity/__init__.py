"""Who asks: tokens and the keys that prove them, the embedded issuer, sign-in by OIDC."""
